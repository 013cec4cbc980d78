import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import type { ReplayVersion } from '~/api/replays'

/** On which version events run again, and plainly what that does. */
export function VersionChoice({ value, draftable, onChoose }: VersionChoiceProps) {
  const { t } = useTranslation()
  const id = useId()
  const versions: { value: ReplayVersion; label: string; text: string; off?: boolean }[] = [
    { value: 'ran', label: t('replays.ran'), text: t('replays.ranText') },
    { value: 'deployed', label: t('replays.deployed'), text: t('replays.deployedText') },
    {
      value: 'draft',
      label: t('replays.draft'),
      text: draftable ? t('replays.draftText') : t('replays.draftNeeds'),
      off: !draftable,
    },
  ]
  return (
    <fieldset className="space-y-2">
      <legend className="mb-1 text-small font-medium text-ink-2">{t('replays.version')}</legend>
      {versions.map((version) => (
        <label
          key={version.value}
          className={`flex items-start gap-2.5 rounded-base border border-line px-3 py-2 has-checked:border-accent has-checked:bg-selected ${version.off ? 'text-ink-3' : ''}`}
        >
          <input
            type="radio"
            name="version"
            aria-label={version.label}
            aria-describedby={`${id}-${version.value}`}
            value={version.value}
            checked={value === version.value}
            disabled={version.off}
            onChange={() => onChoose(version.value)}
            className="mt-0.5 size-4 shrink-0 accent-(--accent)"
          />
          <span className="min-w-0">
            <span className="block font-medium">{version.label}</span>
            <span
              id={`${id}-${version.value}`}
              className={`block text-small ${version.off ? 'text-ink-3' : 'text-ink-2'}`}
            >
              {version.text}
            </span>
          </span>
        </label>
      ))}
      <div className="text-small text-ink-2">
        <p>{t('replays.bypasses')}</p>
        {value !== 'draft' && <p>{t('replays.again')}</p>}
      </div>
    </fieldset>
  )
}

interface VersionChoiceProps {
  value: ReplayVersion
  /** Whether the events are of one flow, which has one draft. */
  draftable: boolean
  onChoose: (version: ReplayVersion) => void
}
