import { useQueryClient } from '@tanstack/react-query'
import { KeyRound } from 'lucide-react'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Schemas } from '~/api/client'
import { useRotateSource } from '~/api/mutations'
import type { SourceView } from '~/api/queries'
import { Button } from '~/ui/Button'
import { Dialog } from '~/ui/Dialog'
import { missing } from '~/ui/form/errors'
import { Problem } from '~/ui/Problem'
import { tell } from '~/ui/toast'
import { type DraftErrors, draftErrors, filled, NO_DRAFT_ERRORS } from '../form/draft'
import { Overlap } from '../form/Overlap'
import type { SourceConfig } from './config'
import { knownSecrets } from './known'
import { firstSecrets, SecretsContext, SecretsForm, secretsOf } from './SecretsForm'
import type { SourceSchemas } from './schemas'

interface RotateProps {
  source: SourceView
  schemas: SourceSchemas
  /** While the settings are being changed: saving them afterwards would end the overlap. */
  disabled: boolean
}

/** Gives the senders other secrets while those they have are still taken; nothing where a scheme has none. */
export function RotateSecrets({ source, schemas, disabled }: RotateProps) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const scheme = (source.config as SourceConfig).verification?.scheme ?? ''
  if (Object.keys(secretsOf(schemas.secrets, scheme)?.properties ?? {}).length === 0) return null
  const close = () => setOpen(false)
  return (
    <>
      <Button disabled={disabled} onClick={() => setOpen(true)}>
        <KeyRound size={14} aria-hidden="true" />
        {t('sources.rotate')}
      </Button>
      <Dialog open={open} onClose={close} label={t('sources.rotate')} className="w-[min(34rem,94vw)]">
        <Rotation source={source} schemas={schemas} scheme={scheme} onDone={close} />
      </Dialog>
    </>
  )
}

interface RotationProps extends Omit<RotateProps, 'disabled'> {
  scheme: string
  onDone: () => void
}

function Rotation({ source, schemas, scheme, onDone }: RotationProps) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const rotate = useRotateSource(source.id)
  const [secrets, setSecrets] = useState<Record<string, unknown> | undefined>(() =>
    firstSecrets(schemas.secrets, scheme),
  )
  const [overlap, setOverlap] = useState<string>('1d')
  const [errors, setErrors] = useState<DraftErrors>(NO_DRAFT_ERRORS)
  const frame = useMemo(
    () => ({
      schema: schemas.secrets,
      value: secrets,
      errors: errors.secrets,
      kept: undefined,
      onChange: setSecrets,
    }),
    [schemas, secrets, errors],
  )
  const submit = async () => {
    const open = missing(schemas.secrets, schemas.secrets, secrets)
    if (open.length > 0) return setErrors({ ...NO_DRAFT_ERRORS, secrets: open })
    setErrors(NO_DRAFT_ERRORS)
    const next = filled(secrets)
    try {
      await rotate.mutateAsync({ secrets: next as Schemas['RotateInput']['secrets'], overlap })
      knownSecrets.keep(client, source.id, next)
      tell({ text: t('sources.rotated') })
      onDone()
    } catch (error) {
      setErrors(draftErrors(error, schemas.config, { name: '', config: {} }))
    }
  }
  return (
    // No form: it would stand within the form of the settings.
    <div className="@container space-y-4 p-5">
      <h2 className="text-title font-semibold">{t('sources.rotate')}</h2>
      <p className="text-ink-2">{t('sources.rotateText')}</p>
      <SecretsContext value={frame}>
        <SecretsForm scheme={scheme} />
      </SecretsContext>
      <Overlap value={overlap} onChange={setOverlap} />
      {errors.whole && <Problem error={errors.whole} compact />}
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>{t('cancel')}</Button>
        <Button look="primary" busy={rotate.isPending} onClick={() => void submit()}>
          {t('sources.rotate')}
        </Button>
      </div>
    </div>
  )
}
