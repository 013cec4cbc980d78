import type { NodeRow } from '~/api/queries'

/** What nodes do, as the API calls it; the scheduler last, since one of them stands out. */
export const ROLES = ['gateway', 'worker', 'delivery', 'console', 'scheduler'] as const

export type Role = (typeof ROLES)[number]

/** What the list of nodes says of them as a whole. */
export interface Cluster {
  alive: NodeRow[]
  lost: NodeRow[]
  /** The versions that run, the oldest first. */
  versions: string[]
  /** Nodes that others of them cannot reach. */
  unreachable: NodeRow[]
  /** What nobody does. */
  undone: Role[]
}

export function clusterOf(nodes: NodeRow[]): Cluster {
  const alive = nodes.filter(({ state }) => state === 'alive')
  const versions = [...new Set(alive.map(({ version }) => version))]
  return {
    alive,
    lost: nodes.filter(({ state }) => state === 'lost'),
    versions: versions.sort((one, other) => one.localeCompare(other, 'en', { numeric: true })),
    unreachable: alive.filter((node) => isUnreachable(node, alive)),
    undone: ROLES.filter((role) => !alive.some(({ roles }) => roles.includes(role))),
  }
}

const LOOPBACK = /^(127\.|localhost:|\[::1\]:)/

/** A node without an address is reached by nobody; one on the loopback only by those on its machine. */
function isUnreachable(node: NodeRow, alive: NodeRow[]): boolean {
  if (!node.address) return alive.length > 1
  return LOOPBACK.test(node.address) && alive.some(({ name }) => name !== node.name)
}
