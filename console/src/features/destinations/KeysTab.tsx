import { useQuery, useQueryClient } from '@tanstack/react-query'
import { ExternalLink, KeyRound } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { DestinationView, NewKey } from '~/api/destinations'
import { useMayEdit } from '~/app/roles'
import { Button } from '~/ui/Button'
import { Coded } from '~/ui/Coded'
import { Copyable } from '~/ui/Copy'
import { Due } from '~/ui/Time'
import { freshKeys } from './freshKeys'
import { RotateKeys } from './RotateKeys'

/** What receivers may read of this installation, without a login. */
const WELL_KNOWN = '/.well-known/linchpin.json'

/** Which keys a destination signs by, and the way to replace them. */
export function KeysTab({ destination }: { destination: DestinationView }) {
  const { t } = useTranslation()
  const mayEdit = useMayEdit()
  const { signing_keys: keys } = destination
  const isPublic = keys.some(({ public_key }) => public_key)
  return (
    <div className="@container max-w-4xl space-y-5 p-4">
      <FreshKeys id={destination.id} />
      {keys.length === 0 ? (
        <p className="max-w-prose text-ink-2">{t('signing.none')}</p>
      ) : (
        <section aria-label={t('signing.title')} className="space-y-3">
          <div className="flex flex-wrap items-start gap-x-6 gap-y-2">
            <p className="min-w-0 flex-1 basis-80 text-ink-2">
              <Coded text={t('signing.text')} />
            </p>
            {mayEdit && <RotateKeys destination={destination} />}
          </div>
          <ul className="divide-y divide-line rounded-base border border-line">
            {keys.map((key) => (
              <SigningKey key={`${key.scheme}/${key.key_id}/${key.until}`} signing={key} />
            ))}
          </ul>
          {isPublic && <WellKnown />}
        </section>
      )}
    </div>
  )
}

function SigningKey({ signing }: { signing: DestinationView['signing_keys'][number] }) {
  const { t } = useTranslation()
  const { scheme, public_key, key_id, until } = signing
  return (
    <li className="px-4 py-3">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <KeyRound size={14} aria-hidden="true" className="text-ink-3" />
        <code className="font-mono text-table font-medium">{scheme}</code>
        <span className="text-ink-2">{t(`signing.schemes.${scheme as 'v1'}`, { defaultValue: '' })}</span>
        <span className={`ml-auto text-table ${until ? 'text-waiting' : 'text-ink-3'}`}>
          {until ? (
            <>
              {t('signing.until')} <Due at={until} />
            </>
          ) : (
            t('signing.now')
          )}
        </span>
      </div>
      {public_key && (
        <dl className="mt-1.5 grid grid-cols-[auto_minmax(0,1fr)] items-center gap-x-3 text-small">
          <dt className="text-ink-3">{t('signing.publicKey')}</dt>
          <dd className="flex min-w-0">
            <Copyable text={public_key} what={t('signing.publicKey')} />
          </dd>
          {key_id && (
            <>
              <dt className="text-ink-3">{t('signing.keyId')}</dt>
              <dd className="flex min-w-0">
                <Copyable text={key_id} what={t('signing.keyId')} />
              </dd>
            </>
          )}
        </dl>
      )}
    </li>
  )
}

/** Where receivers find the public keys by themselves. */
function WellKnown() {
  const { t } = useTranslation()
  return (
    <p className="flex flex-wrap items-center gap-x-2 gap-y-1 text-table text-ink-2">
      {t('signing.wellKnown')}
      <a
        href={WELL_KNOWN}
        target="_blank"
        rel="noreferrer"
        className="inline-flex items-center gap-1 rounded-small text-accent underline underline-offset-2"
      >
        {WELL_KNOWN}
        <ExternalLink size={12} aria-hidden="true" />
      </a>
    </p>
  )
}

/** Keys that were just made: their secrets are shown until the person has taken them. */
function FreshKeys({ id }: { id: string }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const fresh = useQuery(freshKeys.of(id)).data ?? []
  if (fresh.length === 0) return null
  return (
    <section
      aria-label={t('signing.fresh')}
      className="space-y-3 rounded-base border border-accent bg-sunken px-4 py-3"
    >
      <div>
        <h2 className="text-prose font-semibold">{t('signing.fresh')}</h2>
        <p className="mt-0.5 max-w-prose text-ink-2">
          {t(fresh.some(({ secret }) => secret) ? 'signing.freshText' : 'signing.freshPublic')}
        </p>
      </div>
      {fresh.map((key) => (
        <FreshKey key={key.scheme} made={key} />
      ))}
      <Button look="primary" onClick={() => freshKeys.putAway(client, id)}>
        {t('signing.taken')}
      </Button>
    </section>
  )
}

function FreshKey({ made: { scheme, secret, public_key } }: { made: NewKey }) {
  const { t } = useTranslation()
  const text = secret ?? public_key
  if (!text) return null
  return (
    <div className="min-w-0">
      <p className="text-small text-ink-3">
        <code className="font-mono">{scheme}</code> · {t(secret ? 'signing.secret' : 'signing.publicKey')}
      </p>
      <div className="flex min-w-0">
        <Copyable text={text} what={t(secret ? 'signing.secret' : 'signing.publicKey')} />
      </div>
    </div>
  )
}
