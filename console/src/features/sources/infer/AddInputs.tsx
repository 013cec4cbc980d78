import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useSaveDraft } from '~/api/mutations'
import { flow as flowQuery } from '~/api/queries'
import { useNames } from '~/app/environment'
import { Button } from '~/ui/Button'
import { report } from '~/ui/toast'
import type { Webhook } from '../webhook'
import type { Proposed } from './proposal'

/** Fields that the flow does not know: they can be added to the inputs of its draft. */
export function AddInputs({ source, rows }: { source: Webhook; rows: Proposed[] }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const navigate = useNavigate()
  const flow = useNames(source.environment).flow(source.flow)
  const save = useSaveDraft(flow ?? '')
  const add = useMutation({
    mutationFn: async () => {
      const [{ withInputs }, { draft }] = await Promise.all([
        import('./withInputs'),
        client.fetchQuery({ ...flowQuery(flow ?? ''), staleTime: 0 }),
      ])
      return save.mutateAsync(withInputs(draft, rows))
    },
  })
  if (rows.length === 0 || flow === undefined) return null
  return (
    <Button
      busy={add.isPending}
      onClick={() =>
        void report(add.mutateAsync(), () => ({
          text: t('infer.added', { flow }),
          action: {
            label: t('infer.toFlow'),
            run: () => void navigate({ to: '/flows/$name', params: { name: flow } }),
          },
        }))
      }
    >
      {t('infer.addInputs', { count: rows.length })}
    </Button>
  )
}
