import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { flows } from '~/api/queries'
import { Time } from '~/ui/Time'
import { KeyedEmpty } from '../keys/KeyedEmpty'
import { useNamed } from '../list/loaded'
import { RecordList } from '../list/RecordList'
import { Deployments } from './Deployments'

/** The flows, and what serves each of them where. */
export function FlowsPage() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const loaded = useNamed(useQuery(flows()))
  return (
    <RecordList
      title={t('areas.flows')}
      loaded={loaded}
      selected={undefined}
      columns={[
        {
          head: t('columns.name'),
          width: 'minmax(0, 1.2fr)',
          cell: (row) => <span className="font-medium">{row.name}</span>,
        },
        {
          head: t('flows.serves'),
          width: 'minmax(0, 1fr)',
          cell: (row) => (
            <span className="flex gap-2">
              <Deployments deployments={row.deployments} />
            </span>
          ),
        },
        {
          head: t('columns.changed'),
          width: '112px',
          end: true,
          cell: (row) => <Time at={row.updated_at} className="tabular text-ink-2" />,
        },
      ]}
      brief={(row) => row.name}
      name={(row) => row.name}
      link={(row, className, label) => (
        <Link to="/flows/$name" params={{ name: row.name }} className={className} aria-label={label} />
      )}
      open={(row) => void navigate({ to: '/flows/$name', params: { name: row.name } })}
      close={() => void navigate({ to: '/flows' })}
      empty={
        <KeyedEmpty title={t('flows.none')} example={(key) => example(location.origin, key)}>
          {t('flows.noneText')}
        </KeyedEmpty>
      }
    />
  )
}

/** Makes a small flow, as one who works in a terminal would: a file, and one call. */
function example(origin: string, key: string): string {
  return `cat > hello.yaml <<'YAML'
linchpin: flow/v1
name: hello
inputs:
  name: { type: string, required: true }
nodes:
  greeting: { kind: template, text: "Hello {{ input.name }}" }
edges:
  - start -> greeting
outputs: { text: "{{ nodes.greeting.text }}" }
YAML
jq -Rs '{definition: .}' hello.yaml | curl -X PUT ${origin}/api/v1/flows/hello \\
  -H 'authorization: Bearer ${key}' \\
  -H 'content-type: application/json' -d @-`
}
