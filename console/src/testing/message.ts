import type { FlowDetail, RunRow } from '~/api/queries'
import { DESTINATION, DESTINATION_ANSWERS } from './destination'
import type { Answers } from './page'

export const DRAFT = `name: after-sales
nodes:
  tell: # the desk
    kind: deliver
    destination: tickets
    body:
      title: "{{ input.query }}" # short
      count: 3
edges:
  - start -> tell
`

/** A flow whose draft stands like this. */
export function flowOf(draft: string, revision = 1): FlowDetail {
  return {
    id: 'flow_01h455vb4pex5vsknk084sn02q',
    name: 'after-sales',
    draft,
    revision,
    created_at: '2026-03-01T09:00:00.000Z',
    updated_at: '2026-03-01T09:00:00.000Z',
    deployments: [],
    versions: [],
    problems: [],
    graph: null,
  } as unknown as FlowDetail
}

export const RUN: RunRow = {
  id: 'run_01h455vb4pex5vsknk084sn02q',
  event: 'evt_01h455vb4pex5vsknk084sn02q',
  flow: 'flow_01h455vb4pex5vsknk084sn02q',
  status: 'succeeded',
  cause: 'original',
  error: null,
  created_at: '2026-03-01T09:00:00.000Z',
  finished_at: '2026-03-01T09:00:01.000Z',
} as unknown as RunRow

const STEP = '/api/v1/flows/after-sales/nodes/tell'

/** What a step's message asks for; the preview says the same whatever it is asked. */
export const MESSAGE_ANSWERS: Answers = {
  ...DESTINATION_ANSWERS,
  'GET /api/v1/flows/after-sales': flowOf(DRAFT),
  'GET /api/v1/environments/production/runs': { items: [RUN] },
  [`POST ${STEP}/variables`]: [
    { path: 'input.query', kind: null, declared: 'string', description: 'What is asked', value: 'E3' },
    { path: 'input.amount', kind: null, declared: 'number', description: null, value: 12 },
  ],
  [`POST ${STEP}/preview`]: {
    message: { body: { title: 'E3', count: 3 } },
    requests: [
      {
        method: 'POST',
        url: DESTINATION.config.url,
        headers: [],
        body: { encoding: 'text', content: '{"title":"E3","count":3}' },
      },
    ],
    reason: null,
    problems: [],
  },
}
