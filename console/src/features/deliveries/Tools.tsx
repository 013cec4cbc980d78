import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { Download, History } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { DELIVERY_STATES, deliveryQuery, destinations, flows } from '~/api/queries'
import { useEnvironment } from '~/app/environment'
import { BUTTON, LOOKS } from '~/ui/Button'
import { CONTROL } from '~/ui/form/Frame'
import { Segments } from '~/ui/Segments'
import { Filter } from '../list/Filter'
import { useWord } from '../thread/words'
import { type DeliverySearch, SINCE } from './search'
import { useFilter } from './useDeliveries'

/** How long one may type before the list follows. */
const SETTLE_MS = 400

/** Narrows the list of deliveries; what is chosen stands in the address. */
export function Tools() {
  const { t } = useTranslation()
  const word = useWord()
  const environment = useEnvironment()
  const search = useSearch({ from: '/frame/deliveries' })
  const choose = useChoose()
  const knownFlows = useQuery(flows()).data ?? []
  const knownDestinations = useQuery(destinations(environment)).data ?? []
  const isDead = search.state === 'dead'
  return (
    <>
      <Segments
        label={t('deliveries.which')}
        value={isDead ? 'dead' : 'all'}
        options={[
          { value: 'all', label: t('deliveries.all') },
          { value: 'dead', label: t('deliveries.dead') },
        ]}
        onChoose={(which) => choose({ state: which === 'dead' ? 'dead' : undefined, reason: undefined })}
      />
      {!isDead && (
        <Filter
          label={t('columns.status')}
          value={search.state}
          options={DELIVERY_STATES.filter((state) => state !== 'dead').map((value) => ({
            value,
            label: word(value),
          }))}
          onChoose={(state) => choose({ state })}
        />
      )}
      <Filter
        label={t('thread.destination')}
        value={search.destination}
        options={knownDestinations.map(({ id, name }) => ({ value: id, label: name }))}
        onChoose={(destination) => choose({ destination })}
      />
      <Filter
        label={t('thread.flow')}
        value={search.flow}
        options={knownFlows.map(({ name }) => ({ value: name, label: name }))}
        onChoose={(flow) => choose({ flow })}
      />
      <Filter
        label={t('columns.made')}
        value={search.since}
        options={SINCE.map((value) => ({ value, label: t(`deliveries.since.${value}`) }))}
        onChoose={(since) => choose({ since, from: undefined, to: undefined })}
      />
      {search.since === 'custom' && (
        <>
          <Moment label={t('deliveries.from')} value={search.from} onChange={(from) => choose({ from })} />
          <Moment label={t('deliveries.to')} value={search.to} onChange={(to) => choose({ to })} />
        </>
      )}
      {isDead && <Reason value={search.reason} onChange={(reason) => choose({ reason })} />}
      {isDead && (
        <Link to="/jobs" className={`${BUTTON} ${LOOKS.quiet}`}>
          <History size={14} aria-hidden="true" />
          <span className="max-md:sr-only">{t('jobs.title')}</span>
        </Link>
      )}
      <Export />
    </>
  )
}

/** Changes a part of what the address says. */
function useChoose() {
  const navigate = useNavigate()
  return (chosen: Partial<DeliverySearch>) =>
    void navigate({ to: '/deliveries', search: (before) => ({ ...before, ...chosen }) })
}

function Moment({ label, value, onChange }: MomentProps) {
  return (
    <input
      type="datetime-local"
      aria-label={label}
      title={label}
      value={value ?? ''}
      onChange={(event) => onChange(event.target.value || undefined)}
      className={`${CONTROL} tabular w-48!`}
    />
  )
}

interface MomentProps {
  label: string
  value: string | undefined
  onChange: (value: string | undefined) => void
}

/** A text of the reason; the list follows when the person has stopped to type, or at once with Enter. */
function Reason({ value, onChange }: Omit<MomentProps, 'label'>) {
  const { t } = useTranslation()
  const [typed, setTyped] = useState(value ?? '')
  const wanted = typed.trim() || undefined
  useEffect(() => {
    if (wanted === value) return
    const timer = setTimeout(() => onChange(wanted), SETTLE_MS)
    return () => clearTimeout(timer)
  })
  return (
    <input
      type="search"
      aria-label={t('deliveries.reason')}
      placeholder={t('deliveries.reason')}
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
      onKeyDown={(event) => event.key === 'Enter' && onChange(wanted)}
      className={`${CONTROL} w-52!`}
    />
  )
}

/** All that fits, as a file. */
function Export() {
  const { t } = useTranslation()
  const environment = useEnvironment()
  const filter = useFilter(useSearch({ from: '/frame/deliveries' }))
  const query = new URLSearchParams(deliveryQuery(filter))
  return (
    <a
      href={`/api/v1/environments/${environment}/deliveries/export?${query}`}
      download
      title={t('deliveries.exportText')}
      className={`${BUTTON} ${LOOKS.quiet}`}
    >
      <Download size={14} aria-hidden="true" />
      {t('deliveries.export')}
    </a>
  )
}
