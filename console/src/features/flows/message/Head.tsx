import { useNavigate } from '@tanstack/react-router'
import { ArrowLeft } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { asProblem } from '~/api/problem'
import type { FlowDetail } from '~/api/queries'
import { Button } from '~/ui/Button'
import { IconButton } from '~/ui/IconButton'
import { tell } from '~/ui/toast'
import { Unsaved } from '../../form/Sides'
import { useMessage } from './frame'
import { isStale, type useDraftText } from './useDraftText'

interface HeadProps {
  flow: FlowDetail
  node: string
  draft: ReturnType<typeof useDraftText>
}

/** Whose message it is, and what becomes of the changes. */
export function Head({ flow, node, draft }: HeadProps) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const { mayEdit } = useMessage()
  const { dirty, saving, other } = draft
  const back = () => void navigate({ to: '/flows/$name', params: { name: flow.name }, search: { node } })
  const discard = () => {
    const run = draft.discard()
    tell({ text: t('message.discarded'), action: { label: t('message.mineBack'), run } })
  }
  const save = async () => {
    if (!dirty || saving || other) return
    try {
      const { revision, problems } = await draft.save()
      tell({
        text:
          problems.length === 0
            ? t('message.savedClean', { number: revision })
            : t('message.saved', { number: revision, count: problems.length }),
      })
    } catch (error) {
      // What the other has saved is read meanwhile, and shown with the ways out.
      if (!isStale(error)) tell({ text: asProblem(error).message, failed: true })
    }
  }
  return (
    <header className="flex shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-4 py-2.5">
      <span className="-ml-1.5">
        <IconButton icon={ArrowLeft} label={t('back')} keys="Esc" onClick={back} />
      </span>
      <div className="min-w-0 flex-1">
        <h1 className="flex items-baseline gap-2 text-title font-semibold">
          <span className="truncate">{t('message.title', { name: node })}</span>
          {dirty && <Unsaved />}
        </h1>
        <p className="truncate text-small text-ink-3">
          {flow.name} · {t('flows.draft')} · {t('flows.revision', { number: flow.revision })}
        </p>
      </div>
      {mayEdit ? (
        <div className="flex gap-2">
          <Button disabled={!dirty} onClick={discard}>
            {t('message.discard')}
          </Button>
          <Button
            look="primary"
            busy={saving}
            disabled={!dirty || other !== undefined}
            onClick={() => void save()}
          >
            {t('message.save')}
          </Button>
        </div>
      ) : (
        <p className="text-small text-ink-3">{t('message.mayNotEdit')}</p>
      )}
    </header>
  )
}
