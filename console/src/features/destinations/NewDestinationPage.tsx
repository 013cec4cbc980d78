import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { ArrowLeft } from 'lucide-react'
import { useCallback, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import {
  type DestinationDraft,
  type DestinationKind,
  destinationKinds,
  useCreateDestination,
} from '~/api/destinations'
import { useEnvironment } from '~/app/environment'
import { environmentName } from '~/app/frame/EnvironmentSwitch'
import { useDestinationWords } from '~/app/i18n/destination-form'
import { Button } from '~/ui/Button'
import { Card } from '~/ui/form/Variants'
import { IconButton } from '~/ui/IconButton'
import { Problem } from '~/ui/Problem'
import type { Change } from '../form/DraftFrame'
import { type DraftErrors, draftErrors, filled, NO_DRAFT_ERRORS, stillWrong, unfilled } from '../form/draft'
import { FormSkeleton } from '../form/FormSkeleton'
import { Leaving } from '../form/Leaving'
import { Block } from '../form/Parts'
import { DestinationForm } from './DestinationForm'
import { freshKeys } from './freshKeys'
import { iconOf } from './kinds'
import { TestSend } from './TestSend'

/** `/destinations/new`: somewhere for messages to go, tried before it is saved. */
export function NewDestinationPage() {
  const { t } = useTranslation()
  const environment = useEnvironment()
  const navigate = useNavigate()
  const kinds = useQuery(destinationKinds())
  const words = useDestinationWords()
  return (
    <article aria-label={t('destinations.new')} className="thin-scroll h-full overflow-y-auto">
      <header className="flex items-center gap-2 px-4 pt-3 pb-1">
        <span className="-ml-1.5 xl:hidden">
          <IconButton
            icon={ArrowLeft}
            label={t('back')}
            onClick={() => void navigate({ to: '/destinations' })}
          />
        </span>
        <h1 className="text-title font-semibold">{t('destinations.new')}</h1>
        <span className="text-prose text-ink-3">{environmentName(t, environment)}</span>
      </header>
      {kinds.error ? (
        <Problem error={kinds.error} retry={() => void kinds.refetch()} />
      ) : !kinds.data || !words ? (
        <FormSkeleton />
      ) : (
        <div className="@container max-w-4xl">
          <NewDestination kinds={kinds.data} />
        </div>
      )}
    </article>
  )
}

function NewDestination({ kinds }: { kinds: DestinationKind[] }) {
  const { kind: chosen } = useSearch({ from: '/frame/destinations/new' })
  const kind = kinds.find(({ name }) => name === chosen)
  return (
    <>
      <Gallery kinds={kinds} chosen={kind?.name} />
      {kind && <Chosen key={kind.name} kind={kind} />}
    </>
  )
}

/** The kinds to choose from; the choice has an address. */
function Gallery({ kinds, chosen }: { kinds: DestinationKind[]; chosen: string | undefined }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const words = useDestinationWords()
  return (
    <div role="radiogroup" aria-label={t('destinations.kind')} className="px-4 pt-3">
      <h2 className="mb-2 text-small font-medium text-ink-2">{t('destinations.chooseKind')}</h2>
      <div className="grid gap-2 @md:grid-cols-2 @3xl:grid-cols-4">
        {kinds.map(({ name, description }) => {
          const word = words?.(`kinds.${name}`)
          return (
            <Card
              key={name}
              name="kind"
              chosen={name === chosen}
              onChoose={() =>
                void navigate({ to: '/destinations/new', search: { kind: name }, replace: true })
              }
              icon={iconOf(name)}
              title={word?.label ?? name}
              text={word?.help ?? description}
            />
          )
        })}
      </div>
    </div>
  )
}

const NONE: readonly string[] = []

function Chosen({ kind }: { kind: DestinationKind }) {
  const { t } = useTranslation()
  const environment = useEnvironment()
  const navigate = useNavigate()
  const client = useQueryClient()
  const create = useCreateDestination(environment)
  const panel = useRef<HTMLDivElement>(null)
  const [draft, setDraft] = useState<DestinationDraft>({ name: '', config: { kind: kind.name } })
  const [errors, setErrors] = useState<DraftErrors>(NO_DRAFT_ERRORS)
  useEffect(() => {
    panel.current?.querySelector('input')?.scrollIntoView({ block: 'nearest' })
  }, [])
  const change = useCallback((how: Change<DestinationDraft>) => {
    setDraft((before) => {
      const after = how(before)
      setErrors((open) => stillWrong(open, before, after))
      return after
    })
  }, [])
  const whole = { ...draft, name: draft.name.trim(), secrets: filled(draft.secrets) }
  const submit = async () => {
    const open = unfilled(kind, { ...draft, secrets: draft.secrets ?? {} })
    if (open) return setErrors(open)
    setErrors(NO_DRAFT_ERRORS)
    try {
      const { id, new_keys } = await create.mutateAsync(whole)
      // A secret that was made with it is shown this once.
      const tab = freshKeys.keep(client, id, new_keys) ? 'keys' : undefined
      const params = { destination: id }
      await navigate({ to: '/destinations/$destination', params, search: { tab }, ignoreBlocker: true })
    } catch (error) {
      setErrors(draftErrors(error, kind.config, draft))
    }
  }
  const { name, secrets, config } = draft
  return (
    <div ref={panel}>
      <DestinationForm
        kind={kind.name}
        schemas={kind}
        draft={draft}
        errors={errors}
        kept={NONE}
        onChange={change}
        onSubmit={() => void submit()}
        aside={
          <Block title={t('destinations.try')}>
            <h2 className="text-prose font-semibold">{t('destinations.tryFirst')}</h2>
            <TestSend
              place={{ environment }}
              kind={kind.name}
              draft={whole}
              onRefused={(error) =>
                setErrors({ ...draftErrors(error, kind.config, draft), whole: undefined })
              }
            />
          </Block>
        }
      >
        <Button type="submit" look="primary" busy={create.isPending} className="h-8!">
          {t('destinations.create')}
        </Button>
        <Button look="quiet" onClick={() => void navigate({ to: '/destinations', ignoreBlocker: true })}>
          {t('cancel')}
        </Button>
      </DestinationForm>
      <Leaving dirty={name !== '' || secrets !== undefined || Object.keys(config).length > 1} />
    </div>
  )
}
