import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { ArrowLeft } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useEnable } from '~/api/mutations'
import { ApiProblem } from '~/api/problem'
import { type DestinationView, destinations } from '~/api/queries'
import { useEnvironment } from '~/app/environment'
import { Button } from '~/ui/Button'
import { Copyable } from '~/ui/Copy'
import { IconButton } from '~/ui/IconButton'
import { Problem } from '~/ui/Problem'
import { report } from '~/ui/toast'
import { toYaml } from '~/ui/yaml/toYaml'
import { Yaml } from '~/ui/yaml/Yaml'
import { Panel } from '../payload/Panel'
import { MarkIcon } from '../thread/Shape'
import { TraceSkeleton } from '../trace/TraceSkeleton'
import type { DestinationConfig } from './config'

/** `/destinations/{id}`: where it leads, and whether it takes deliveries. */
export function DestinationPage() {
  const { destination: id } = useParams({ from: '/frame/destinations/$destination' })
  const query = useQuery(destinations(useEnvironment()))
  if (query.isPending) return <TraceSkeleton />
  if (query.isError) return <Problem error={query.error} retry={() => void query.refetch()} />
  const destination = query.data.find((one) => one.id === id)
  if (!destination) return <Problem error={new ApiProblem({ status: 404, code: 'not_found' })} />
  return <DestinationDetail destination={destination} />
}

function DestinationDetail({ destination }: { destination: DestinationView }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const { url } = destination.config as DestinationConfig
  const yaml = toYaml(destination.config)
  return (
    <article aria-label={destination.name} className="thin-scroll flex h-full flex-col overflow-y-auto">
      <header className="shrink-0 border-b border-line px-4 py-3">
        <div className="flex items-center gap-2">
          <span className="-ml-1.5 xl:hidden">
            <IconButton
              icon={ArrowLeft}
              label={t('back')}
              keys="Esc"
              onClick={() => void navigate({ to: '/destinations' })}
            />
          </span>
          <h1 className="truncate text-title font-semibold">{destination.name}</h1>
        </div>
        <div className="mt-1 flex flex-wrap items-center gap-x-4">
          {url && <Copyable text={url} what="URL" />}
          <Copyable text={destination.id} what={t('destinations.id')} />
        </div>
        {destination.disabled_reason && (
          <Off destination={destination} reason={destination.disabled_reason} />
        )}
      </header>
      <Panel title={t('sources.settings')} note={t('destinations.noSecrets')} copy={yaml}>
        <div className="-mx-4">
          <Yaml text={yaml} />
        </div>
      </Panel>
    </article>
  )
}

function Off({ destination, reason }: { destination: DestinationView; reason: string }) {
  const { t } = useTranslation()
  const enable = useEnable(destination.id)
  return (
    <div className="mt-3 flex flex-wrap items-center gap-3">
      <MarkIcon mark="dead" />
      <p className="min-w-0 break-words">{t('destinations.offReason', { reason })}</p>
      <Button
        busy={enable.isPending}
        onClick={() => void report(enable.mutateAsync(), () => ({ text: t('destinations.enabled') }))}
      >
        {t('destinations.enable')}
      </Button>
    </div>
  )
}
