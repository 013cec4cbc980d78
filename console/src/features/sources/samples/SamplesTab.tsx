import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Schemas } from '~/api/client'
import { samples as samplesQuery } from '~/api/queries'
import { useMayEdit, useMayOperate } from '~/app/roles'
import { bytes } from '~/ui/bytes'
import { Empty } from '~/ui/Empty'
import { Problem } from '~/ui/Problem'
import { Segments } from '~/ui/Segments'
import { Time } from '~/ui/Time'
import { bodySize, type RequestRecord } from '../../payload/body'
import { Proposal } from '../infer/Proposal'
import { RequestView } from '../RequestView'
import type { Webhook } from '../webhook'
import { DeleteSample } from './DeleteSample'

type Sample = Schemas['SampleView']

/** The requests that were kept of a source, to build and to try with. */
export function SamplesTab({ source }: { source: Webhook }) {
  const { t } = useTranslation()
  const maySee = useMayOperate()
  const query = useQuery({ ...samplesQuery(source.id), enabled: maySee })
  const { sample: named } = useSearch({ from: '/frame/sources/$source' })
  if (!maySee) return <p className="p-4 text-ink-2">{t('samples.operators')}</p>
  if (query.error) return <Problem error={query.error} retry={() => void query.refetch()} />
  if (!query.data) return <div role="status" className="skeleton m-4 h-24" aria-label={t('loading')} />
  const shown = query.data.find(({ name }) => name === named) ?? query.data[0]
  if (!shown) return <NoSamples />
  return (
    <div className="flex min-h-full flex-col @4xl:flex-row">
      <SampleList samples={query.data} shown={shown.name} />
      <div className="min-w-0 flex-1">
        <SampleDetail key={shown.name} source={source} sample={shown} count={query.data.length} />
      </div>
    </div>
  )
}

function NoSamples() {
  const { t } = useTranslation()
  return (
    <Empty
      title={t('samples.none')}
      action={
        <Link
          from="/sources/$source"
          search={(before) => ({ ...before, tab: 'listen' })}
          className="text-accent underline underline-offset-2"
        >
          {t('listen.start')}
        </Link>
      }
    >
      {t('samples.noneText')}
    </Empty>
  )
}

function SampleList({ samples, shown }: { samples: Sample[]; shown: string }) {
  const { t } = useTranslation()
  const navigate = useNavigate({ from: '/sources/$source' })
  const choose = (sample: string) =>
    void navigate({ search: (before) => ({ ...before, sample }), replace: true })
  return (
    <nav
      aria-label={t('samples.title')}
      className="border-line @max-4xl:border-b @4xl:w-64 @4xl:shrink-0 @4xl:border-r"
    >
      <ul>
        {samples.map(({ name, received_at, request }) => (
          <li key={name}>
            <button
              type="button"
              aria-current={name === shown ? 'true' : undefined}
              onClick={() => choose(name)}
              className="flex h-12 w-full flex-col justify-center border-b border-line px-4 text-left outline-offset-[-2px] hover:bg-hover aria-[current=true]:bg-selected"
            >
              <span className="flex w-full items-center gap-2">
                <span className="truncate font-mono text-small font-medium">{name}</span>
                <Time at={received_at} className="tabular ml-auto shrink-0 text-small text-ink-3" />
              </span>
              <span className="text-small text-ink-3">{brief(request as RequestRecord)}</span>
            </button>
          </li>
        ))}
      </ul>
    </nav>
  )
}

function brief(request: RequestRecord): string {
  const size = bodySize(request)
  return [request.method, size !== undefined && bytes(size)].filter(Boolean).join(' · ')
}

interface SampleDetailProps {
  source: Webhook
  sample: Sample
  /** How many samples there are. */
  count: number
}

function SampleDetail({ source, sample, count }: SampleDetailProps) {
  const { t } = useTranslation()
  const mayEdit = useMayEdit()
  const [of, setOf] = useState<'one' | 'all'>('one')
  return (
    <section aria-label={sample.name}>
      <div className="flex min-h-7 flex-wrap items-center gap-2 px-4 pt-3 pb-2">
        <h2 className="truncate font-mono text-prose font-medium">{sample.name}</h2>
        {mayEdit && (
          <span className="ml-auto">
            <DeleteSample source={source.id} name={sample.name} />
          </span>
        )}
      </div>
      {mayEdit && (
        <div className="border-t border-line">
          <div className="flex flex-wrap items-center gap-3 px-4 py-2">
            <h3 className="text-small font-medium text-ink-2">{t('infer.title')}</h3>
            {count > 1 && (
              <Segments
                label={t('samples.fieldsOf')}
                value={of}
                options={[
                  { value: 'one', label: t('samples.ofOne') },
                  { value: 'all', label: t('samples.ofAll', { count }) },
                ]}
                onChoose={setOf}
              />
            )}
          </div>
          <Proposal source={source} examples={of === 'all' ? {} : { samples: [sample.name] }} />
        </div>
      )}
      <RequestView
        request={sample.request as RequestRecord}
        at={sample.received_at}
        base={new URL(source.url).pathname}
      />
    </section>
  )
}
