import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Pin } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Schemas } from '~/api/client'
import { usePinSample } from '~/api/mutations'
import { samples } from '~/api/queries'
import { Button } from '~/ui/Button'
import { Dialog } from '~/ui/Dialog'
import { CONTROL } from '~/ui/form/Frame'
import { freshName } from '~/ui/form/value'
import { Problem } from '~/ui/Problem'
import { tell } from '~/ui/toast'
import { Asked } from '../Asked'

interface PinProps {
  source: string
  request: Schemas['Pin']
}

/** Keeps a request as a sample of its source, under a name. */
export function PinSample({ source, request }: PinProps) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const close = () => setOpen(false)
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <Pin size={13} aria-hidden="true" />
        {t('samples.pin')}
      </Button>
      <Dialog open={open} onClose={close} label={t('samples.pin')} className="w-[min(26rem,94vw)]">
        <Naming source={source} request={request} onDone={close} />
      </Dialog>
    </>
  )
}

/** What the server takes as a name. */
const NAME = /^[A-Za-z0-9_-]{1,64}$/

function Naming({ source, request, onDone }: PinProps & { onDone: () => void }) {
  const { t } = useTranslation()
  const navigate = useNavigate({ from: '/sources/$source' })
  const known = useQuery(samples(source)).data?.map(({ name }) => name) ?? []
  const pin = usePinSample(source)
  const [written, setWritten] = useState<string>()
  const name = written ?? freshName(known, 'sample')
  const isName = NAME.test(name)
  const submit = () =>
    pin.mutate(
      { name, request },
      {
        onSuccess: () => {
          onDone()
          const show = () =>
            void navigate({ search: (before) => ({ ...before, tab: 'samples', sample: name }) })
          tell({ text: t('samples.pinned', { name }), action: { label: t('samples.show'), run: show } })
        },
      },
    )
  return (
    <form
      className="space-y-3 p-5"
      onSubmit={(event) => {
        event.preventDefault()
        if (isName) submit()
      }}
    >
      <h2 className="text-title font-semibold">{t('samples.pin')}</h2>
      <p className="text-ink-2">{t('samples.pinText')}</p>
      <Asked
        label={t('columns.name')}
        note={known.includes(name) ? t('samples.replaces') : t('samples.nameNote')}
        errors={isName ? [] : [{ field: 'name', code: 'wrong_name', reason: t('samples.nameNote') }]}
      >
        {(control) => (
          <input
            {...control}
            value={name}
            maxLength={64}
            spellCheck={false}
            autoComplete="off"
            onChange={({ target }) => setWritten(target.value)}
            className={`${CONTROL} h-9! font-mono`}
          />
        )}
      </Asked>
      {pin.error && <Problem error={pin.error} compact />}
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>{t('cancel')}</Button>
        <Button type="submit" look="primary" busy={pin.isPending} disabled={!isName}>
          {t('samples.pin')}
        </Button>
      </div>
    </form>
  )
}
