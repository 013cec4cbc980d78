import { useTranslation } from 'react-i18next'
import { Dialog } from '~/ui/Dialog'
import { AREAS } from './areas'

/** The keys that there are. */
export default function KeyHelp({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const keys: [string, string][] = [
    ['Ctrl K', t('keys.palette')],
    ['j · k', t('keys.move')],
    ['Enter', t('keys.open')],
    ['Esc', t('keys.back')],
    ['↑ · ↓', t('keys.stations')],
    ['[', t('keys.list')],
    ['c', t('keys.copy')],
    ...AREAS.map((area): [string, string] => [`g ${area.key}`, t(`areas.${area.name}`)]),
    ['?', t('keys.label')],
  ]
  return (
    <Dialog open onClose={onClose} label={t('keys.label')} className="w-96">
      <div className="p-5">
        <h2 className="mb-3 text-title font-semibold">{t('keys.label')}</h2>
        <dl className="grid grid-cols-[auto_1fr] items-baseline gap-x-5 gap-y-1.5 text-table">
          {keys.map(([key, does]) => (
            <div key={key} className="contents">
              <dt className="font-mono text-small text-ink-2">{key}</dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
      </div>
    </Dialog>
  )
}
