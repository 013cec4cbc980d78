import type { FlowProblem } from '~/api/rehearsals'

/** What is wrong in a step; what is told of a field and again of what is around it is told once, at the field. */
export function problemsOf(problems: readonly FlowProblem[], node: string): FlowProblem[] {
  const own = problems.filter((problem) => problem.node === node)
  return own.filter(
    ({ field, reason }) => !own.some((other) => other.reason === reason && isWithin(other.field, field)),
  )
}

/** The problems by their fields. */
export function byField(problems: readonly FlowProblem[]): ReadonlyMap<string, FlowProblem[]> {
  const fields = new Map<string, FlowProblem[]>()
  for (const problem of problems) {
    fields.set(problem.field, [...(fields.get(problem.field) ?? []), problem])
  }
  return fields
}

const isWithin = (field: string, around: string) =>
  field.startsWith(`${around}.`) || field.startsWith(`${around}[`)
