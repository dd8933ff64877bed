import { MillraceError } from './errors.js'

/** The same error of ours with where it happened in front; any other as it is. */
export function placed(error: unknown, where: string): unknown {
  return error instanceof MillraceError ? new MillraceError(error.code, `${where}: ${error.message}`, { cause: error }) : error
}
