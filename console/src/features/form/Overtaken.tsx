import { GitMerge, Undo2 } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Button } from '~/ui/Button'
import { type Draft, differences } from './draft'

interface OvertakenProps {
  theirs: Draft
  mine: Draft
  onTheirs: () => void
  onMine: () => void
}

/** Says that somebody else has saved meanwhile and what, and asks which is to stand. */
export function Overtaken({ theirs, mine, onTheirs, onMine }: OvertakenProps) {
  const { t } = useTranslation()
  return (
    <section
      role="alert"
      aria-label={t('overtaken.title')}
      className="basis-full rounded-base border border-waiting bg-sunken px-4 py-3"
    >
      <h2 className="flex items-center gap-2 text-prose font-semibold">
        <GitMerge size={15} aria-hidden="true" className="shrink-0 text-waiting" />
        {t('overtaken.title')}
      </h2>
      <p className="mt-1 max-w-prose text-ink-2">{t('overtaken.text')}</p>
      <table className="mt-3 w-full table-fixed text-table">
        <thead className="text-left text-small text-ink-3">
          <tr>
            <th className="w-44 pr-4 pb-1 font-medium">{t('overtaken.what')}</th>
            <th className="pr-4 pb-1 font-medium">{t('overtaken.theirs')}</th>
            <th className="pb-1 font-medium">{t('overtaken.mine')}</th>
          </tr>
        </thead>
        <tbody>
          {differences(theirs, mine).map(({ path, theirs, mine }) => (
            <tr key={path} className="border-t border-line align-top">
              <td className="py-1 pr-4 font-mono text-small break-words">{path}</td>
              <td className="py-1 pr-4">
                <Value value={theirs} />
              </td>
              <td className="py-1">
                <Value value={mine} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <div className="mt-3 flex flex-wrap gap-2">
        <Button onClick={onTheirs}>{t('overtaken.takeTheirs')}</Button>
        <Button onClick={onMine}>{t('overtaken.takeMine')}</Button>
      </div>
    </section>
  )
}

/** Says that what is shown is theirs, and brings back what was written. */
export function TakenTheirs({ onBack }: { onBack: () => void }) {
  const { t } = useTranslation()
  return (
    <span role="status" className="flex items-center gap-2 text-table text-ink-2">
      {t('overtaken.loaded')}
      <Button look="quiet" onClick={onBack}>
        <Undo2 size={14} aria-hidden="true" />
        {t('overtaken.back')}
      </Button>
    </span>
  )
}

function Value({ value }: { value: unknown }) {
  if (value === undefined) return <span className="text-ink-3">–</span>
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return <code className="line-clamp-3 font-mono text-small break-all">{text}</code>
}
