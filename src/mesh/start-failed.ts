import { MillraceError } from '../base/errors.js'

/** The system refused `what` that a worker in a process of its own needs. */
export function startFailed(what: string, cause: NodeJS.ErrnoException): MillraceError {
  const cure =
    cause.code === 'EMFILE' || cause.code === 'ENFILE'
      ? 'too many files are open: raise the limit of open files (ulimit -n), or use fewer workers'
      : cause.message
  return new MillraceError('StartFailed', `${what}: ${cure}`, { cause })
}
