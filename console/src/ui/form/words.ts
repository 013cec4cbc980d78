import { createContext, useContext } from 'react'
import { NO_ERRORS, type PlacedErrors } from './errors'
import type { Schema } from './schema'
import type { Path } from './value'

/** How a form speaks of a place: by its words where there are some, else by what the schema says. */
export interface Word {
  label: string
  help?: string | undefined
}

/** A place in a form: where its value is, and how its words are found. */
export interface Place {
  path: Path
  /** The path with `*` for keys and indices, and the names of variants: `verification.token.header`. */
  key: string
}

/** A field that a page shows in its own way. */
export interface FieldProps {
  place: Place
  schema: Schema
  value: unknown
  onChange: (value: unknown) => void
  required: boolean
}

/** What all fields of a form share. */
export interface FormFrame {
  root: Schema
  /** The whole of what is edited. */
  value: unknown
  onChange: (value: unknown) => void
  /** What the ids of its elements begin with. */
  id: string
  errors: PlacedErrors
  words: (key: string) => Partial<Word> | undefined
  custom: Record<string, React.ComponentType<FieldProps>>
  /** Makes a secret for a place; nothing where the sender's side makes it. */
  generate: (key: string) => (() => string) | undefined
}

export const FormContext = createContext<FormFrame>({
  root: {},
  value: undefined,
  onChange: () => undefined,
  id: '',
  errors: NO_ERRORS,
  words: () => undefined,
  custom: {},
  generate: () => undefined,
})

export const useForm = () => useContext(FormContext)

/** The words for a place. */
export function useWordOf() {
  const { words } = useForm()
  return (key: string, description?: string): Word => {
    const known = words(key)
    return { label: known?.label ?? spaced(key), help: known?.help ?? description?.replaceAll('\n', ' ') }
  }
}

/** A key as words: `allow_cidrs` becomes "Allow cidrs". */
function spaced(key: string): string {
  const last = key.split('.').at(-1) ?? key
  const text = last.replaceAll('_', ' ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

export function inside({ path, key }: Place, name: string): Place {
  return { path: [...path, name], key: key ? `${key}.${name}` : name }
}

/** A place within a list or a map. */
export function within({ path, key }: Place, name: string | number): Place {
  return { path: [...path, name], key: `${key}.*` }
}

/** The same place, with its words found by the variant that is chosen there. */
export function asVariant(place: Place, variant: string): Place {
  return { ...place, key: place.key ? `${place.key}.${variant}` : variant }
}
