import {
  AudioLines,
  BellRing,
  ContactRound,
  Hash,
  type LucideIcon,
  Mail,
  MessageSquareText,
  MessagesSquare,
  Send,
  Smartphone,
  UsersRound,
  Webhook,
} from 'lucide-react'

/** A sign for each kind; nobody's logo. */
const ICONS: Record<string, LucideIcon> = {
  webhook: Webhook,
  wecom: MessagesSquare,
  wecom_app: ContactRound,
  dingtalk: BellRing,
  feishu: Send,
  slack: Hash,
  teams: UsersRound,
  discord: AudioLines,
  sms: Smartphone,
  email: Mail,
}

export function iconOf(kind: string | undefined): LucideIcon {
  return ICONS[kind ?? ''] ?? MessageSquareText
}

/** A message of each kind to begin a test with. */
const EXAMPLES: Record<string, unknown> = {
  webhook: { query: 'Error E3 on the display', answer: 'Open the filter and rinse it.', priority: 'high' },
  sms: { to: '+8613800001111', text: 'Linchpin: a test.' },
  email: { subject: 'Linchpin: a test', text: 'A test.', html: '<p>A <b>test</b>.</p>' },
}

export function exampleOf(kind: string | undefined): unknown {
  return EXAMPLES[kind ?? ''] ?? { text: '**Linchpin**: a test.' }
}
