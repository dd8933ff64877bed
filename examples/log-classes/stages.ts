import { type Flow, flow, lines } from 'millrace/flow'
import { sql } from 'millrace/sql'

/** One line of a log: `2026-03-01T12:00:00.000Z api error Connection to 10.0.3.7 timed out after 3000 ms`. */
type Entry = { service: string; hour: Date; message: string }

export type ClassCount = { service: string; class: string; n: number; hours: number }

const ERROR = '^(\\S+) (\\S+) error (.*)$'

const CLASSES: readonly (readonly [string, RegExp])[] = [
  ['timeout', /\btimed? ?out\b|deadline exceeded/i],
  ['connection', /\b(ECONN\w+|connection (refused|reset|closed))\b/i],
  ['disk', /\b(ENOSPC|no space left|disk (full|quota))\b/i],
  ['input', /\b(invalid|malformed|unexpected token)\b/i],
]

/** What kind of failure a message tells of: what is a chore in SQL, and can be tested here. */
export function classified({ service, hour, message }: Entry): { service: string; hour: Date; class: string } {
  const found = CLASSES.find(([, pattern]) => pattern.test(message))
  return { service, hour, class: found?.[0] ?? 'other' }
}

/** The errors of each service by class: SQL takes lines apart, TypeScript classifies, SQL counts. Each runs on all workers. */
export function classes(patterns: string, hours: number): Flow<ClassCount> {
  const log = flow(import.meta.url)
    .read(lines(patterns))
    .exchange.roundRobin()
  const errors = sql({ service: 'utf8', hour: 'timestamp', message: 'utf8' })`
    select found[2] service, date_trunc('hour', try_cast(found[1] as timestamp)) as hour, found[3] message
    from (select [regexp_extract(text, ${ERROR}, 1), regexp_extract(text, ${ERROR}, 2), regexp_extract(text, ${ERROR}, 3)] found from ${log})
    where found[2] <> '' and hour is not null`
  const byService = errors.map(classified).exchange.hash('service')
  return sql({ service: 'utf8', class: 'utf8', n: 'float64', hours: 'float64' })`
    select service, class, count(*) n, count(distinct hour) as hours
    from ${byService} group by service, class having count(distinct hour) >= ${hours}`.sort('service', 'class')
}
