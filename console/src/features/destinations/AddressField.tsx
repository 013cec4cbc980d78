import { useContext } from 'react'
import { useTranslation } from 'react-i18next'
import { SchemaFields } from '~/ui/form/SchemaForm'
import { withKey } from '~/ui/form/value'
import { FormFrameContext } from './frame'
import { SecretField } from './SecretField'

/** An address that everybody may see, or one that lets in whoever knows it: then it is a secret. */
export function AddressField({ name }: { name: string }) {
  const { t } = useTranslation()
  const { draft, kept, onChange } = useContext(FormFrameContext)
  const own = draft.secrets?.[name]
  const isSecret = own === undefined ? kept.includes(name) : own !== null
  const choose = (secret: boolean) =>
    onChange(({ config, secrets, ...rest }) => {
      const { [name]: before, ...others } = secrets ?? {}
      if (!secret) {
        const open = typeof before === 'string' ? before : undefined
        return {
          ...rest,
          config: withKey(config, name, open),
          secrets: kept.includes(name) ? { ...others, [name]: null } : others,
        }
      }
      const written = config[name]
      const changed = written !== undefined || !kept.includes(name)
      return {
        ...rest,
        config: withKey(config, name, undefined),
        secrets: changed ? { ...others, [name]: written ?? '' } : others,
      }
    })
  return (
    <div className="space-y-1.5">
      {isSecret ? <SecretField name={name} /> : <SchemaFields prefix="config" only={[name]} />}
      <label className="flex w-fit items-center gap-2 text-small text-ink-2 @xl:ml-49">
        <input
          type="checkbox"
          checked={isSecret}
          onChange={({ target }) => choose(target.checked)}
          className="size-4 accent-(--accent)"
        />
        {t('destinations.addressSecret')}
      </label>
    </div>
  )
}
