import type { LogRecord } from '../flow/ctx.js'
import { jsonText } from '../flow/sinks/json-text.js'

/** One `ctx.log` as a line for stderr: level, where it came from, and the object as JSON. */
export function logLine({ level, object, worker, stage, source }: LogRecord): string {
  const place = source === undefined ? '' : ` ${source.file}:${source.offset}`
  return `${level} worker ${worker} ${stage}${place} ${jsonText(object)}\n`
}
