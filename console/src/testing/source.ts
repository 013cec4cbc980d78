import type { Answers } from './page'
import { SOURCE_SCHEMA } from './sourceSchema'

/** The source that the pages' API knows, as `openAt` gives it. */
export const SOURCE = {
  id: 'src_01h455vb4pex5vsknk084sn02q',
  name: 'shop-chat',
  environment: 'production',
  flow: 'flow_01h455vb4pex5vsknk084sn02q',
  kind: 'webhook',
  url: 'http://localhost/hooks/src_1',
  config: { verification: { scheme: 'token' } } as Record<string, unknown>,
  enabled: true,
  updated_at: '2026-03-01T09:00:00.000Z',
  usage: { requests_24h: 12, requests_30d: 12, last_at: '2026-03-01T09:00:00.000Z' },
}

/** What a source's pages ask for: its schema, a flow with one input, no requests and no samples. */
export const SOURCE_ANSWERS: Answers = {
  'GET /api/v1/source-schema': SOURCE_SCHEMA,
  'GET /api/v1/flows/after-sales': {
    name: 'after-sales',
    draft: 'inputs:\n  query: { type: string, required: true }\n',
    deployments: [],
    versions: [],
    graph: { inputs: { query: { type: 'string', required: true, example: 'E3' } } },
  },
  'GET /api/v1/environments/production/events': { items: [] },
  'GET /api/v1/environments/production/refusals': { items: [] },
  [`GET /api/v1/sources/${SOURCE.id}/samples`]: [],
}

/** jsdom knows no dialogs. */
export function dialogs() {
  HTMLDialogElement.prototype.showModal = function showModal() {
    this.open = true
  }
  HTMLDialogElement.prototype.close = function close() {
    this.open = false
  }
}
