import { isDeepStrictEqual } from 'node:util'
import type { RunStats } from 'millrace/flow'
import type { Measured } from './measured.ts'

type Cell = string | number | null | undefined
type Row = Readonly<Record<string, Cell>>

const show = (value: Cell): string =>
  typeof value === 'number' ? value.toLocaleString('en-US', { maximumFractionDigits: 2 }) : String(value)

/** Rows as a table: texts to the left, numbers to the right. */
export function table(rows: readonly Row[]): string {
  const names = Object.keys(rows[0] ?? {})
  const widths = names.map((name) => Math.max(name.length, ...rows.map((row) => show(row[name]).length)))
  const line = (cells: Cell[], like: Row): string =>
    names
      .map((name, index) =>
        typeof like[name] === 'number'
          ? show(cells[index]).padStart(widths[index] as number)
          : show(cells[index]).padEnd(widths[index] as number),
      )
      .join('  ')
      .trimEnd()
  return [
    line(names, rows[0] ?? {}),
    ...rows.map((row) =>
      line(
        names.map((name) => row[name]),
        row,
      ),
    ),
  ].join('\n')
}

/** One line about a run on workers. */
export function summary(stats: Pick<RunStats, 'rowsIn' | 'rowsOut' | 'workers'>, { elapsedMs, stallMs }: Measured<unknown>): string {
  return [
    `${show(stats.rowsIn)} rows in`,
    `${show(stats.rowsOut)} rows out`,
    `${stats.workers} workers`,
    `${(elapsedMs / 1000).toFixed(2)} s`,
    `longest stall of the main thread ${stallMs.toFixed(1)} ms`,
  ].join(', ')
}

/** Says how the run on workers compares with the same work in this thread; throws where the answers differ. */
export function comparison(flow: Measured<readonly Row[]>, single: Measured<readonly Row[]>): string {
  const differs = single.result.findIndex((row, index) => !isDeepStrictEqual(row, { ...flow.result[index] }))
  if (differs !== -1 || single.result.length !== flow.result.length) {
    const at = differs === -1 ? single.result.length : differs
    throw new Error(`row ${at}: one thread has ${JSON.stringify(single.result[at])}, the flow ${JSON.stringify(flow.result[at])}`)
  }
  return [
    `one thread: ${(single.elapsedMs / 1000).toFixed(2)} s, longest stall ${single.stallMs.toFixed(0)} ms, same ${show(single.result.length)} rows in the same order`,
    `the flow took ${(flow.elapsedMs / single.elapsedMs).toFixed(2)} times as long (${(single.elapsedMs / flow.elapsedMs).toFixed(2)} times as fast)`,
  ].join('\n')
}
