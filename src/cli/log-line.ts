import type { LogRecord } from '../flow/ctx.js'
import { toJson } from './jsonl.js'

/** One `ctx.log` as a line for stderr: level, where it came from, and the object as JSON. */
export function logLine({ level, object, worker, stage, source }: LogRecord): string {
  const place = source === undefined ? '' : ` ${source.file}:${source.offset}`
  return `${level} worker ${worker} ${stage}${place} ${toJson(object)}\n`
}
