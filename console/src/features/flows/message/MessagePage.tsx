import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { flow as flowQuery } from '~/api/queries'
import { useEnvironment } from '~/app/environment'
import { useKeys } from '~/app/frame/keys'
import { BUTTON, LOOKS } from '~/ui/Button'
import { Empty } from '~/ui/Empty'
import { Problem } from '~/ui/Problem'
import { MessageView } from './MessageView'

const HERE = '/frame/flows/$name/nodes/$node/message'

/** `/flows/{name}/nodes/{node}/message`: what a step that delivers says, with the data of a run. */
export function MessagePage() {
  const { t } = useTranslation()
  const { name, node } = useParams({ from: HERE })
  const query = useQuery(flowQuery(name))
  const environment = useEnvironment()
  const navigate = useNavigate()
  useKeys({ Escape: () => void navigate({ to: '/flows/$name', params: { name }, search: { node } }) })
  if (query.isPending)
    return <div className="skeleton m-4 h-6 w-64" role="status" aria-label={t('loading')} />
  if (query.isError) return <Problem error={query.error} retry={() => void query.refetch()} />
  return (
    <MessageView
      key={`${name} ${node} ${environment}`}
      flow={query.data}
      node={node}
      missing={
        <article aria-label={node} className="h-full overflow-y-auto">
          <h1 className="sr-only">{t('message.title', { name: node })}</h1>
          <Empty
            title={t('message.missing', { name: node })}
            example={`nodes:\n  ${node}:\n    kind: deliver\n    destination: ticket-system\n    body:\n      title: "{{ input.query }}"`}
            exampleName="YAML"
            action={
              <Link to="/flows/$name" params={{ name }} className={`${BUTTON} ${LOOKS.plain}`}>
                {t('message.backToFlow')}
              </Link>
            }
          >
            {t('message.missingText')}
          </Empty>
        </article>
      }
    />
  )
}
