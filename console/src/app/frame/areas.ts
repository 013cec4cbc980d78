import { Activity, LogIn, type LucideIcon, Play, Send, Server, Target, Workflow } from 'lucide-react'

/** An area of the console, as the rail and the palette show it. */
export interface Area {
  name: 'flows' | 'events' | 'runs' | 'deliveries' | 'sources' | 'destinations' | 'nodes'
  to: '/flows' | '/events' | '/runs' | '/deliveries' | '/sources' | '/destinations' | '/nodes'
  icon: LucideIcon
  /** Pressed after `g`. */
  key: string
}

export const AREAS: Area[] = [
  { name: 'flows', to: '/flows', icon: Workflow, key: 'f' },
  { name: 'events', to: '/events', icon: Activity, key: 'e' },
  { name: 'runs', to: '/runs', icon: Play, key: 'r' },
  { name: 'deliveries', to: '/deliveries', icon: Send, key: 'd' },
  { name: 'sources', to: '/sources', icon: LogIn, key: 's' },
  { name: 'destinations', to: '/destinations', icon: Target, key: 't' },
  { name: 'nodes', to: '/nodes', icon: Server, key: 'n' },
]
