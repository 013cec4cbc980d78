import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import {
  type DestinationKind,
  type DestinationView,
  destinationKinds,
  useUpdateDestination,
} from '~/api/destinations'
import { useMayEdit } from '~/app/roles'
import { Button } from '~/ui/Button'
import { Problem } from '~/ui/Problem'
import { tell } from '~/ui/toast'
import { toYaml } from '~/ui/yaml/toYaml'
import { Yaml } from '~/ui/yaml/Yaml'
import { draftErrors, filled, NO_DRAFT_ERRORS, unfilled } from '../form/draft'
import { FormSkeleton } from '../form/FormSkeleton'
import type { DestinationConfig } from './config'
import { DeleteDestination } from './DeleteDestination'
import { useDestinationDraft } from './DestinationDraftFrame'
import { DestinationForm } from './DestinationForm'
import { asked } from './layout'

/** Everything a destination is told, to be changed. */
export function SettingsTab({ destination }: { destination: DestinationView }) {
  const kinds = useQuery(destinationKinds())
  const mayEdit = useMayEdit()
  if (!mayEdit) return <Yaml text={toYaml(destination.config)} />
  if (kinds.error) return <Problem error={kinds.error} retry={() => void kinds.refetch()} />
  if (!kinds.data) return <FormSkeleton />
  const { kind: name } = destination.config as DestinationConfig
  const kind = kinds.data.find((one) => one.name === name)
  if (!kind) return <Yaml text={toYaml(destination.config)} />
  return <Settings destination={destination} kind={kind} />
}

function Settings({ destination, kind }: { destination: DestinationView; kind: DestinationKind }) {
  const { t } = useTranslation()
  const update = useUpdateDestination(destination.id)
  const { draft, dirty, errors, setErrors, change, discard } = useDestinationDraft()
  const kept = destination.secrets
  const save = async () => {
    const open = unfilled(asked(kind, kept), { ...draft, secrets: draft.secrets ?? {} })
    if (open) return setErrors(open)
    setErrors(NO_DRAFT_ERRORS)
    try {
      await update.mutateAsync({ ...draft, name: draft.name.trim(), secrets: filled(draft.secrets) })
      discard()
      tell({ text: t('destinations.saved') })
    } catch (error) {
      setErrors(draftErrors(error, kind.config, draft))
    }
  }
  return (
    <div className="max-w-4xl">
      <DestinationForm
        kind={kind.name}
        schemas={kind}
        draft={draft}
        errors={errors}
        kept={kept}
        onChange={change}
        onSubmit={() => void save()}
      >
        <Button type="submit" look="primary" busy={update.isPending} disabled={!dirty} className="h-8!">
          {t('sources.save')}
        </Button>
        {dirty && (
          <Button look="quiet" onClick={discard}>
            {t('sources.discard')}
          </Button>
        )}
        <span className="ml-auto">
          <DeleteDestination destination={destination} />
        </span>
      </DestinationForm>
    </div>
  )
}
