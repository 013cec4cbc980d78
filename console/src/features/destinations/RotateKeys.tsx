import { useQueryClient } from '@tanstack/react-query'
import { KeyRound } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type DestinationView, type Rotation, useRotateKeys } from '~/api/destinations'
import { Button } from '~/ui/Button'
import { Coded } from '~/ui/Coded'
import { Dialog } from '~/ui/Dialog'
import { CONTROL } from '~/ui/form/Frame'
import { Problem } from '~/ui/Problem'
import { tell } from '~/ui/toast'
import { Overlap } from '../form/Overlap'
import { freshKeys } from './freshKeys'

/** Replaces a destination's signing keys while those that receivers have sign as well. */
export function RotateKeys({ destination }: { destination: DestinationView }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const close = () => setOpen(false)
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <KeyRound size={14} aria-hidden="true" />
        {t('signing.rotate')}
      </Button>
      <Dialog open={open} onClose={close} label={t('signing.rotate')} className="w-[min(34rem,94vw)]">
        <RotationForm destination={destination} onDone={close} />
      </Dialog>
    </>
  )
}

function RotationForm({ destination, onDone }: { destination: DestinationView; onDone: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const rotate = useRotateKeys(destination.id)
  const schemes = [...new Set(destination.signing_keys.map(({ scheme }) => scheme))]
  const [chosen, setChosen] = useState('')
  const [overlap, setOverlap] = useState('1d')
  const [own, setOwn] = useState('')
  // A secret of one's own is for one scheme, and a public key has none.
  const only = schemes.length === 1 ? schemes[0] : chosen || undefined
  const takesOwn = only === 'v1' || only === 'hmac'
  const signsByHmac = schemes.includes('hmac') && (only ?? 'hmac') === 'hmac'
  const submit = async () => {
    const rotation: Rotation = {
      overlap,
      ...(chosen && { scheme: chosen }),
      ...(takesOwn && own.trim() && { secret: own.trim() }),
    }
    const { new_keys } = await rotate.mutateAsync(rotation)
    freshKeys.keep(client, destination.id, new_keys)
    tell({ text: t('signing.rotated') })
    onDone()
  }
  return (
    <form
      className="space-y-4 p-5"
      onSubmit={(event) => {
        event.preventDefault()
        // What goes wrong is shown below.
        void submit().catch(() => undefined)
      }}
    >
      <h2 className="text-title font-semibold">{t('signing.rotate')}</h2>
      <ol className="list-decimal space-y-1 pl-5 text-ink-2">
        <li>{t('signing.steps.made')}</li>
        {overlap === '0s' ? (
          <li className="text-waiting">{t('signing.steps.atOnce')}</li>
        ) : (
          <>
            {only !== 'hmac' && <li>{t('signing.steps.both')}</li>}
            {signsByHmac && (
              <li>
                <Coded text={t('signing.steps.hmac')} />
              </li>
            )}
            <li>{t('signing.steps.after')}</li>
          </>
        )}
      </ol>
      {schemes.length > 1 && (
        <label className="block text-small font-medium text-ink-2">
          {t('signing.which')}
          <select
            value={chosen}
            onChange={(event) => setChosen(event.target.value)}
            className={`${CONTROL} mt-1 h-9! font-normal text-ink`}
          >
            <option value="">{t('signing.all')}</option>
            {schemes.map((scheme) => (
              <option key={scheme} value={scheme}>
                {`${scheme} · ${t(`signing.schemes.${scheme as 'v1'}`, { defaultValue: '' })}`}
              </option>
            ))}
          </select>
        </label>
      )}
      <Overlap value={overlap} onChange={setOverlap} />
      {takesOwn && (
        <label className="block text-small font-medium text-ink-2">
          {t('signing.own')}
          <input
            value={own}
            onChange={(event) => setOwn(event.target.value)}
            placeholder={t('signing.ownNone')}
            autoComplete="off"
            spellCheck={false}
            className={`${CONTROL} mt-1 h-9! font-mono font-normal text-ink`}
          />
        </label>
      )}
      {rotate.error && <Problem error={rotate.error} compact />}
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>{t('cancel')}</Button>
        <Button type="submit" look="primary" busy={rotate.isPending}>
          {t('signing.rotate')}
        </Button>
      </div>
    </form>
  )
}
