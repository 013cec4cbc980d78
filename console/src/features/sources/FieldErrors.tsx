import { useTranslation } from 'react-i18next'

/** A field that does not fit. */
export interface FieldProblem {
  field: string
  code: string
  expected: string
  got: string
}

/** The fields that did not fit: of each what was expected, and what came. */
export function FieldErrors({ errors }: { errors: FieldProblem[] }) {
  const { t } = useTranslation()
  return (
    <table className="w-full text-left text-table">
      <caption className="sr-only">{t('sources.fieldErrors')}</caption>
      <thead>
        <tr className="text-small text-ink-3">
          {[t('sources.field'), t('sources.expected'), t('sources.got')].map((head) => (
            <th key={head} scope="col" className="border-b border-line py-1 pr-4 font-normal">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {errors.map(({ field, code, expected, got }) => (
          <tr key={field + code} className="align-baseline">
            <th
              scope="row"
              className="border-b border-line py-1 pr-4 font-mono text-small font-normal text-failed"
            >
              {field}
            </th>
            <td className="border-b border-line py-1 pr-4 break-words">{expected}</td>
            <td className="border-b border-line py-1 break-words text-ink-2">{got}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
