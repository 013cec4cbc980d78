import { Link } from '@tanstack/react-router'
import { RotateCcw } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { shortId } from '~/api/ids'
import { useReplayRefusal } from '~/api/replays'
import { useMayOperate } from '~/app/roles'
import { Button } from '~/ui/Button'
import { bytes } from '~/ui/bytes'
import { Problem } from '~/ui/Problem'
import { MarkIcon } from '../thread/Shape'
import { FieldErrors, type FieldProblem } from './FieldErrors'

/** What a sender would be told now. */
interface Refused {
  title?: string
  detail?: string
  status?: number
  code?: string
  errors?: FieldProblem[]
}

interface TryAgainProps {
  id: string
  /** Whether the request was kept whole. */
  replayable: boolean
  /** The event that it became when it was tried again. */
  replayedAs: string | null | undefined
  /** How many bytes its body had, when only its beginning was kept. */
  cutFrom: number | undefined
}

/** Has a refused request judged again, and says what came of it; or why that cannot be. */
export function TryAgain({ id, replayable, replayedAs, cutFrom }: TryAgainProps) {
  const { t } = useTranslation()
  const again = useReplayRefusal(id)
  const mayOperate = useMayOperate()
  const { accepted, refused } = again.data ?? {}
  const event = accepted?.event_id ?? replayedAs
  return (
    <section aria-label={t('tryAgain.title')} className="space-y-3 border-t border-line px-4 py-3">
      {event ? (
        <p className="flex flex-wrap items-center gap-x-2">
          <MarkIcon mark="succeeded" />
          {accepted?.duplicate ? t('tryAgain.duplicate') : t('tryAgain.accepted')}
          <Link
            to="/events/$event"
            params={{ event }}
            className="rounded-small text-accent underline underline-offset-2"
          >
            {t('tryAgain.toEvent')} <span className="font-mono">{shortId(event)}</span>
          </Link>
        </p>
      ) : replayable ? (
        <div className="flex flex-wrap items-start gap-x-4 gap-y-2">
          <p className="min-w-0 flex-1 basis-80 text-small text-ink-2">{t('tryAgain.text')}</p>
          {mayOperate && (
            <Button look="primary" busy={again.isPending} onClick={() => again.mutate()}>
              <RotateCcw size={14} aria-hidden="true" />
              {t('tryAgain.title')}
            </Button>
          )}
        </div>
      ) : (
        <p className="text-small text-ink-2">
          {cutFrom === undefined ? t('tryAgain.notRead') : t('tryAgain.tooLarge', { size: bytes(cutFrom) })}
        </p>
      )}
      {refused && <StillRefused refused={refused as Refused} />}
      {again.error && <Problem error={again.error} compact />}
    </section>
  )
}

/** Why it is refused now. */
function StillRefused({ refused: { title, detail, status, code, errors } }: { refused: Refused }) {
  const { t } = useTranslation()
  const why = t(`refusal.${code}` as 'refusal.field_invalid', { defaultValue: title ?? code ?? '' })
  return (
    <div role="status" className="space-y-2 rounded-base border border-line bg-sunken px-3 py-2.5">
      <p className="flex flex-wrap items-center gap-x-2 font-medium">
        <MarkIcon mark="failed" />
        {t('tryAgain.refused')} {why}
        <span className="tabular font-normal text-ink-3">{status}</span>
      </p>
      {detail && <p className="break-words text-ink-2">{detail}</p>}
      {errors && errors.length > 0 && <FieldErrors errors={errors} />}
    </div>
  )
}
