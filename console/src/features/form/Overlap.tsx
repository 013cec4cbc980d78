import { useTranslation } from 'react-i18next'
import { CONTROL } from '~/ui/form/Frame'

/** How long old secrets may hold beside new ones. */
const OVERLAPS = ['0s', '1h', '1d', '7d', '30d'] as const

/** How long the old secrets hold beside the new ones. */
export function Overlap({ value, onChange }: { value: string; onChange: (overlap: string) => void }) {
  const { t } = useTranslation()
  return (
    <label className="block text-small font-medium text-ink-2">
      {t('sources.overlap')}
      <select
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className={`${CONTROL} mt-1 h-9! font-normal text-ink`}
      >
        {OVERLAPS.map((span) => (
          <option key={span} value={span}>
            {t(`sources.overlaps.${span}`)}
          </option>
        ))}
      </select>
    </label>
  )
}
