import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { ArrowLeft } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type SourceDraft, useCreateSource } from '~/api/mutations'
import { flows, sourceSchema } from '~/api/queries'
import { useEnvironment } from '~/app/environment'
import { environmentName } from '~/app/frame/EnvironmentSwitch'
import { useSourceWords } from '~/app/i18n/source-form'
import { Button } from '~/ui/Button'
import { Empty } from '~/ui/Empty'
import { IconButton } from '~/ui/IconButton'
import { Problem } from '~/ui/Problem'
import type { Change } from '../form/DraftFrame'
import { type DraftErrors, draftErrors, filled, NO_DRAFT_ERRORS, stillWrong, unfilled } from '../form/draft'
import { FormSkeleton } from '../form/FormSkeleton'
import { Leaving } from '../form/Leaving'
import { knownSecrets } from './known'
import { SourceForm } from './SourceForm'
import type { SourceSchemas } from './schemas'

/** `/sources/new`: an address for other systems, in under a minute. */
export function NewSourcePage() {
  const { t } = useTranslation()
  const environment = useEnvironment()
  const navigate = useNavigate()
  const schema = useQuery(sourceSchema())
  const known = useQuery(flows())
  const words = useSourceWords()
  const failed = schema.error ?? known.error
  return (
    <article aria-label={t('sources.new')} className="thin-scroll h-full overflow-y-auto">
      <header className="flex items-center gap-2 px-4 pt-3 pb-1">
        <span className="-ml-1.5 xl:hidden">
          <IconButton icon={ArrowLeft} label={t('back')} onClick={() => void navigate({ to: '/sources' })} />
        </span>
        <h1 className="text-title font-semibold">{t('sources.new')}</h1>
        <span className="text-prose text-ink-3">{environmentName(t, environment)}</span>
      </header>
      {failed ? (
        <Problem error={failed} retry={() => void Promise.all([schema.refetch(), known.refetch()])} />
      ) : !schema.data || !known.data || !words ? (
        <FormSkeleton />
      ) : known.data.length === 0 ? (
        <NoFlow />
      ) : (
        <NewSource schemas={schema.data as unknown as SourceSchemas} flow={onlyOf(known.data)} />
      )}
    </article>
  )
}

/** Without a choice there is nothing to choose. */
function onlyOf(flows: { name: string }[]): string {
  return flows.length === 1 ? (flows[0]?.name ?? '') : ''
}

function NoFlow() {
  const { t } = useTranslation()
  return (
    <Empty
      title={t('sources.noFlow')}
      action={
        <Link to="/flows" className="text-accent underline underline-offset-2">
          {t('events.firstFlow')}
        </Link>
      }
    >
      {t('events.noFlowText')}
    </Empty>
  )
}

function NewSource({ schemas, flow }: { schemas: SourceSchemas; flow: string }) {
  const { t } = useTranslation()
  const environment = useEnvironment()
  const navigate = useNavigate()
  const client = useQueryClient()
  const create = useCreateSource(environment)
  const [draft, setDraft] = useState<SourceDraft>({ name: '', flow, config: {}, enabled: true })
  const [errors, setErrors] = useState<DraftErrors>(NO_DRAFT_ERRORS)
  const change = (how: Change<SourceDraft>) => {
    const after = how(draft)
    setErrors((open) => stillWrong(open, draft, after))
    setDraft(how)
  }
  const submit = async () => {
    const open = unfilled(schemas, draft)
    if (open) return setErrors(open)
    setErrors(NO_DRAFT_ERRORS)
    const whole = { ...draft, name: draft.name.trim(), secrets: filled(draft.secrets) }
    try {
      const made = await create.mutateAsync(whole)
      knownSecrets.keep(client, made.id, whole.secrets)
      await navigate({ to: '/sources/$source', params: { source: made.id }, ignoreBlocker: true })
    } catch (error) {
      setErrors(draftErrors(error, schemas.config, draft))
    }
  }
  return (
    <div className="max-w-4xl">
      <SourceForm
        schemas={schemas}
        draft={draft}
        onChange={change}
        errors={errors}
        onSubmit={() => void submit()}
      >
        <Button type="submit" look="primary" busy={create.isPending} className="h-8!">
          {t('sources.create')}
        </Button>
        <Button look="quiet" onClick={() => void navigate({ to: '/sources', ignoreBlocker: true })}>
          {t('cancel')}
        </Button>
      </SourceForm>
      <Leaving dirty={draft.name !== '' || Object.keys(draft.config).length > 0} />
    </div>
  )
}
