import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Coded } from '~/ui/Coded'
import { CopyButton } from '~/ui/Copy'
import { Segments } from '~/ui/Segments'
import type { SourceConfig } from './config'
import { knownSecrets } from './known'
import { LANGUAGES, type Language, sampleOf } from './recipe'
import { callOf } from './recipe/call'
import { useInputs } from './useInputs'
import type { Webhook } from './webhook'

/** A call to a source that can be copied and run, in the language of one's choice. */
export function Recipe({ source }: { source: Webhook }) {
  const { t } = useTranslation()
  const [language, setLanguage] = useState<Language>('curl')
  const secrets = knownSecrets.of(useQueryClient(), source.id)
  const config = source.config as SourceConfig
  const inputs = useInputs(source)
  const call = callOf(source.url, config, inputs ?? {}, secrets)
  const steps = t(`setUp.${config.verification?.scheme}` as 'setUp.github', { defaultValue: '' })
  const sample = sampleOf(call, language)
  const open = call.proof.kind === 'none' || secrets !== undefined
  return (
    <div className="space-y-3">
      {steps && (
        <p className="text-table text-ink-2">
          <Coded text={steps} />
        </p>
      )}
      {call.proof.kind === 'platform' ? (
        <p className="text-table text-ink-3">{t('sources.platform')}</p>
      ) : (
        <>
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <Segments
              label={t('sources.language')}
              value={language}
              options={LANGUAGES.map((one) => ({ value: one, label: one }))}
              onChoose={setLanguage}
            />
            <span className="text-small text-ink-3">
              {open ? secrets && t('sources.secretShown') : t('sources.callNote')}
            </span>
          </div>
          <div className="flex items-start gap-2 rounded-base border border-line bg-sunken p-3">
            <pre className="thin-scroll min-w-0 flex-1 overflow-x-auto font-mono text-small leading-5 whitespace-pre-wrap break-words">
              {inputs ? sample : <SampleSkeleton />}
            </pre>
            <CopyButton text={sample} what={language} />
          </div>
        </>
      )}
    </div>
  )
}

function SampleSkeleton() {
  return (
    <span className="block space-y-2.5 py-1.5">
      {[80, 55, 70, 62, 40].map((width) => (
        <span key={width} className="skeleton block h-2.5" style={{ width: `${width}%` }} />
      ))}
    </span>
  )
}
