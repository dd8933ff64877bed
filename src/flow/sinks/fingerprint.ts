import { createHash } from 'node:crypto'
import { isFunctionOperator, isSinkOperator, type StagePlan } from '../plan.js'

/** What of an input, an operator or a sink has no influence on its rows. */
const NO_MATTER: ReadonlySet<string> = new Set([
  ...['patterns', 'allowEmpty', 'retries', 'maxErrors', 'timeoutMs', 'concurrency', 'path', 'parts', 'compression', 'rowGroupRows'],
])

/**
 * What the rows of a stage depend on, but the files: the hash of each thing by its name, so that what has changed can be told. Of functions it is
 * their own text, not that of what they call.
 */
export function fingerprint({ input, operators }: StagePlan): Record<string, string> {
  const entries = operators.flatMap((operator, index) => {
    const named = isFunctionOperator(operator) ? ` ${operator.fn.name}` : ''
    return isSinkOperator(operator) ? facts('the sink', operator.sink) : facts(`step ${index + 1} (${operator.op}${named})`, operator)
  })
  return Object.fromEntries([...facts('the source', input), ...entries])
}

/** The names of what differs. */
export function differences(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): string[] {
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...names].filter((name) => a[name] !== b[name])
}

function facts(place: string, of: object): [string, string][] {
  return Object.entries(of)
    .filter(([key, value]) => !NO_MATTER.has(key) && value !== undefined)
    .map(([key, value]) => [`${key === 'fn' ? 'the text of the function' : key} of ${place}`, hashed(value)])
}

function hashed(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)
}
