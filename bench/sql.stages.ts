import { type Flow, flow, rows } from 'millrace/flow'
import { type SourceColumns, type SourceRow, sql } from 'millrace/sql'
import { mixedOf } from './flows.stages.js'

/** A flow that is one statement, from end to end. */
export function wholeFlow<C extends SourceColumns>(columns: C, text: string): Flow<SourceRow<C>> {
  return flow(import.meta.url).read(sql(columns)([text] as unknown as TemplateStringsArray))
}

export interface Bucket {
  bucket: number
  n: number
  best: number
}

/** Over some 11 chars as much work as the function of `costly-function` has over its lines. */
const ROUNDS = 700

/** What a line scores: 31 bits. */
export function scoreOf(text: string): number {
  return mixedOf(text, ROUNDS) >>> 1
}

export function scoredLine({ text }: { text: string }): { bucket: number; score: number } {
  const score = scoreOf(text)
  return { bucket: score & 0xff, score }
}

/** A statement that filters the lines of a Parquet file, the costly function, and a statement that adds up, both in every worker. */
export function scoresOf(file: string): Flow<Bucket> {
  const kept = flow(import.meta.url).read(sql({ text: 'utf8' })`select text from read_parquet(${file}) where n % 2 = 0`)
  const scored = kept.exchange.roundRobin().map(scoredLine).exchange.hash('bucket')
  return sql({ bucket: 'float64', n: 'float64', best: 'float64' })`
    select bucket, count(*) n, max(score) best from ${scored} group by bucket`
}

/** A statement over the rows of `n` that computes for hours. */
export function endless(): Flow<{ i: number }> {
  const numbers = flow(import.meta.url).read(rows<{ n: number }>('n'))
  return sql({ i: 'float64' })`select i::double i from range(1000000000000) r(i) where sin(i) > 2 * (select count(*) from ${numbers})`
}

/** Likewise, and over no rows. */
export function endlessAlone(): Flow<{ i: number }> {
  return flow(import.meta.url).read(sql({ i: 'float64' })`select i::double i from range(1000000000000) r(i) where sin(i) > 2`)
}

/** Values out of one statement, which reads a Parquet file, and into the table of another, which looks at each. */
export function carried<C extends SourceColumns>(columns: C, file: string, looks: readonly string[]): Flow<Record<string, number>> {
  const read = flow(import.meta.url).read(sql(columns)`from read_parquet(${file})`)
  const text = [`select ${looks.join(', ')} from `, '']
  const answers = Object.fromEntries(looks.map((look) => [look.split(' ').at(-1), 'float64'])) as Record<string, 'float64'>
  return sql(answers)(text as unknown as TemplateStringsArray, read) as Flow<Record<string, number>>
}
