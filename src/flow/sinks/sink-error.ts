import { MillraceError } from '../../base/errors.js'

/** What the file system refused, with the file as a property of its own; ours stay as they are. */
export function sinkError(doing: string, file: string, cause: unknown): MillraceError {
  if (cause instanceof MillraceError) return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  return Object.assign(
    new MillraceError('SinkWrite', `could not ${doing} ${file}: ${reason}; make room there, or write to another place`, { cause }),
    { file },
  )
}
