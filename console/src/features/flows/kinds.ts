import {
  BookOpen,
  Box,
  Braces,
  Clock,
  FileText,
  Filter,
  GitBranch,
  Globe,
  ListTree,
  type LucideIcon,
  Merge,
  MessageSquareText,
  Reply,
  Send,
  Shapes,
  Tag,
  TextCursorInput,
  UserCheck,
  Variable,
  Workflow,
} from 'lucide-react'

const ICONS: Record<string, LucideIcon> = {
  llm: MessageSquareText,
  agent: Shapes,
  knowledge: BookOpen,
  classify: Tag,
  extract: TextCursorInput,
  document: FileText,
  if: GitBranch,
  switch: GitBranch,
  map: ListTree,
  loop: ListTree,
  join: Merge,
  set: Variable,
  template: FileText,
  code: Braces,
  list: Filter,
  http: Globe,
  deliver: Send,
  respond: Reply,
  approve: UserCheck,
  wait: Clock,
  flow: Workflow,
  output: Braces,
}

/** A kind without its version: `llm` of `llm@1`. */
export function kindName(kind: string): string {
  return kind.replace(/@\d+$/, '')
}

export function kindIcon(kind: string): LucideIcon {
  return ICONS[kindName(kind)] ?? Box
}
