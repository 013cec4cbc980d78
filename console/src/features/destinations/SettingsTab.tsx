import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import {
  type DestinationDraft,
  type DestinationKind,
  type DestinationView,
  destinationKinds,
  useUpdateDestination,
} from '~/api/destinations'
import { useMayEdit } from '~/app/roles'
import { Problem } from '~/ui/Problem'
import { tell } from '~/ui/toast'
import { toYaml } from '~/ui/yaml/toYaml'
import { Yaml } from '~/ui/yaml/Yaml'
import { useDraft } from '../form/DraftFrame'
import { draftErrors, filled, NO_DRAFT_ERRORS, unfilled } from '../form/draft'
import { FormSkeleton } from '../form/FormSkeleton'
import { Saving } from '../form/Saving'
import type { DestinationConfig } from './config'
import { DeleteDestination } from './DeleteDestination'
import { DestinationForm } from './DestinationForm'
import { freshKeys } from './freshKeys'
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
  const client = useQueryClient()
  const navigate = useNavigate({ from: '/destinations/$destination' })
  const update = useUpdateDestination(destination.id)
  const frame = useDraft<DestinationDraft>()
  const { draft, errors, setErrors, change, discard } = frame
  const kept = destination.secrets
  const save = async () => {
    const open = unfilled(asked(kind, kept), { ...draft, secrets: draft.secrets ?? {} })
    if (open) return setErrors(open)
    setErrors(NO_DRAFT_ERRORS)
    try {
      const { new_keys } = await update.mutateAsync({
        ...draft,
        name: draft.name.trim(),
        secrets: filled(draft.secrets),
        unless_changed_since: destination.updated_at,
      })
      discard()
      tell({ text: t('destinations.saved') })
      if (!freshKeys.keep(client, destination.id, new_keys)) return
      await navigate({ search: (before) => ({ ...before, tab: 'keys' }) })
    } catch (error) {
      setErrors(draftErrors(error, kind.config, draft))
    }
  }
  const busy = update.isPending
  // What was just saved is read before it is no draft any more.
  const form = { ...frame, busy, save, overtaken: frame.overtaken && !busy }
  return (
    <div className="max-w-4xl">
      <DestinationForm
        kind={kind.name}
        schemas={kind}
        draft={draft}
        errors={errors}
        kept={kept}
        onChange={change}
        onSubmit={() => form.overtaken || void save()}
      >
        <Saving form={form} />
        <span className="ml-auto">
          <DeleteDestination destination={destination} />
        </span>
      </DestinationForm>
    </div>
  )
}
