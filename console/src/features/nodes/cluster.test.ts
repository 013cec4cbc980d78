import { describe, expect, it } from 'vitest'
import { node } from '~/testing/fixtures'
import { clusterOf } from './cluster'

const names = (nodes: { name: string }[]) => nodes.map(({ name }) => name)

describe('a cluster', () => {
  it('knows its versions from the oldest to the newest, those of lost nodes apart', () => {
    const cluster = clusterOf([
      node('hub-1', { version: '0.10.0' }),
      node('hub-2', { version: '0.9.0' }),
      node('hub-3', { version: '0.10.0' }),
      node('hub-4', { version: '0.8.0', state: 'lost' }),
    ])
    expect(cluster.versions).toEqual(['0.9.0', '0.10.0'])
    expect(names(cluster.alive)).toEqual(['hub-1', 'hub-2', 'hub-3'])
    expect(names(cluster.lost)).toEqual(['hub-4'])
  })

  it('has nodes that cannot be reached only where there is somebody to reach them', () => {
    const silent = node('hub-1', { address: null })
    expect(clusterOf([silent]).unreachable).toEqual([])
    expect(clusterOf([silent, node('hub-2', { state: 'lost' })]).unreachable).toEqual([])
    expect(names(clusterOf([silent, node('hub-2')]).unreachable)).toEqual(['hub-1'])
  })

  it.each(['127.0.0.1:7946', '[::1]:7946', 'localhost:7946'])(
    'reaches %s from the same machine alone',
    (address) => {
      const inside = node('hub-1', { address })
      const beside = node('hub-1', { id: 'node_2', address: '127.0.0.1:7947' })
      expect(clusterOf([inside, beside]).unreachable).toEqual([])
      expect(names(clusterOf([inside, node('hub-2')]).unreachable)).toEqual(['hub-1'])
    },
  )

  it('says what nobody does who is alive', () => {
    const cluster = clusterOf([
      node('hub-1', { roles: ['gateway', 'console', 'scheduler'] }),
      node('hub-2', { roles: ['worker'] }),
      node('hub-3', { roles: ['delivery'], state: 'lost' }),
    ])
    expect(cluster.undone).toEqual(['delivery'])
  })
})
