import { MillraceError } from '../base/errors.js'
import { blame } from '../flow/operators/stage-error.js'

interface Told {
  readonly exception_type: string
  readonly exception_message: string
  /** Bytes of the statement in front of it. */
  readonly position?: string
}

/** An error of DuckDB, in its own words, with the stage and the place in the statement. */
export function statementError(thrown: unknown, where: string, text: string): Error {
  if (thrown instanceof MillraceError) return blame(thrown, where, undefined)
  const told = toldBy(thrown)
  const message =
    told === undefined ? String((thrown as Error)?.message ?? thrown) : `${told.exception_type} Error: ${told.exception_message}`
  const position = told?.position === undefined ? undefined : charsBefore(text, Number(told.position))
  const place = position === undefined ? '' : placeOf(text, position)
  const error = blame(new MillraceError('SqlFailed', `${where}: ${message}${place}`, { cause: thrown }), where, undefined)
  return position === undefined ? error : Object.assign(error, { position })
}

/** As `errors_as_json` has it. */
function toldBy(thrown: unknown): Told | undefined {
  const json = /\{"exception_type".*\}/s.exec(String((thrown as Error)?.message ?? ''))?.[0]
  if (json === undefined) return undefined
  try {
    return JSON.parse(json) as Told
  } catch {
    return undefined
  }
}

function charsBefore(text: string, bytes: number): number {
  return new TextDecoder().decode(new TextEncoder().encode(text).subarray(0, bytes)).length
}

function placeOf(text: string, position: number): string {
  const before = text.slice(0, position).split('\n')
  const line = text.split('\n')[before.length - 1]
  const column = (before[before.length - 1] as string).length
  return `\n\nline ${before.length}, column ${column + 1} of the statement:\n${line}\n${' '.repeat(column)}^`
}
