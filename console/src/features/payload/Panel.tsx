import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { bytes } from '~/ui/bytes'
import { CopyButton } from '~/ui/Copy'
import { Json } from '~/ui/json/Json'
import type { FileRecord, PartRecord, ShownBody } from './body'

/** What went into a station, or what came out of it. */
export function Panel({ title, note, copy, children }: PanelProps) {
  return (
    <section aria-label={title} className="min-w-0 px-4 py-3">
      <div className="mb-1.5 flex h-6 items-center gap-2">
        <h2 className="text-small font-medium text-ink-2">{title}</h2>
        {note && <span className="truncate text-small text-ink-3">{note}</span>}
        {copy !== undefined && (
          <span className="ml-auto">
            <CopyButton text={copy} what={title} />
          </span>
        )}
      </div>
      {children}
    </section>
  )
}

interface PanelProps {
  title: string
  note?: ReactNode
  /** What the copy button copies. */
  copy?: string | undefined
  children: ReactNode
}

/** Two panels: beside each other where there is room. */
export function InOut({ children }: { children: ReactNode }) {
  return (
    <div className="grid flex-1 content-start divide-line border-line @3xl:grid-cols-2 @3xl:content-stretch @3xl:divide-x @max-3xl:divide-y">
      {children}
    </div>
  )
}

/** A value as JSON, or the word that there is none. */
export function ValuePanel({ title, note, value, root, none }: ValuePanelProps) {
  return (
    <Panel title={title} note={note} copy={value == null ? undefined : asText(value)}>
      {value == null ? (
        <p className="text-ink-3">{none}</p>
      ) : (
        <Json value={value} label={title} root={root} />
      )}
    </Panel>
  )
}

interface ValuePanelProps {
  title: string
  note?: ReactNode
  value: unknown
  /** How an expression names the value. */
  root?: string | undefined
  /** What is said when there is no value. */
  none: string
}

/** A body in the form it has: JSON, text, or bytes. */
export function Body({ body, label, root, event }: BodyProps) {
  const { t } = useTranslation()
  if (!body) return <p className="text-ink-3">{t('trace.noBody')}</p>
  return (
    <>
      {body.json !== undefined && <Json value={body.json} label={label} root={root} />}
      {body.parts !== undefined && <Parts parts={body.parts} event={event} />}
      {body.text !== undefined && body.parts === undefined && (
        <pre className="font-mono text-small leading-5 break-words whitespace-pre-wrap text-code-text">
          {body.text}
        </pre>
      )}
      {body.base64 !== undefined && (
        <p className="text-ink-2">{t('trace.bytes', { count: Math.floor((body.base64.length * 3) / 4) })}</p>
      )}
      {body.cut && <p className="mt-1 text-small text-ink-3">{t('trace.cut')}</p>}
    </>
  )
}

interface BodyProps {
  body: ShownBody | undefined
  label: string
  root?: string
  /** The event that the body's files belong to, from which they are downloaded. */
  event?: string
}

export function bodyText(body: ShownBody | undefined): string | undefined {
  if (!body) return undefined
  return body.text ?? body.base64 ?? JSON.stringify(body.json ?? body.parts, null, 2)
}

/** The parts of a form, each with its text or its file. */
function Parts({ parts, event }: { parts: PartRecord[]; event: string | undefined }) {
  return (
    <dl className="grid grid-cols-[max-content_minmax(0,1fr)] gap-x-3 font-mono text-small leading-5">
      {parts.map(({ name, text, file }, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a recorded body never move
        <div key={place} className="contents">
          <dt className="text-code-key">{name}</dt>
          <dd className="min-w-0 break-words whitespace-pre-wrap text-code-text">
            {text}
            {file && <File file={file} event={event} />}
          </dd>
        </div>
      ))}
    </dl>
  )
}

/** What is known of a file, to be downloaded where its event keeps it. */
function File({ file: { name, media_type, size, sha256 }, event }: FileProps) {
  const shown = name || media_type
  const facts = [name && media_type, size !== undefined && bytes(size)].filter(Boolean)
  return (
    <>
      {event && sha256 ? (
        <a
          href={`/api/v1/events/${event}/files/${sha256}`}
          download={name}
          className="rounded-small text-accent hover:underline"
        >
          {shown}
        </a>
      ) : (
        shown
      )}
      <span className="text-ink-3">{facts.map((fact) => ` · ${fact}`)}</span>
    </>
  )
}

interface FileProps {
  file: FileRecord
  event: string | undefined
}

/** Headers, folded until somebody wants them. */
export function Headers({ headers }: { headers: [string, string][] }) {
  const { t } = useTranslation()
  if (headers.length === 0) return null
  return (
    <details className="mt-3 text-small">
      <summary className="w-fit rounded-small pr-1 text-ink-2 hover:text-ink">
        {t('trace.headers', { count: headers.length })}
      </summary>
      <dl className="mt-1 grid grid-cols-[max-content_minmax(0,1fr)] gap-x-3 font-mono text-small leading-5">
        {headers.map(([name, value]) => (
          <div key={`${name}:${value}`} className="contents">
            <dt className="text-code-key">{name}</dt>
            <dd className="break-all text-ink-2">{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  )
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2)
}
