import type { Format } from './arguments.js'
import { jsonLine } from './jsonl.js'
import type { Row, RunningFlow } from './load.js'
import type { Output } from './output.js'
import type { Shell } from './shell.js'
import { TablePrinter } from './table.js'

/** Rows that decide the widths of a table, and rows held in memory. */
const PAGE_ROWS = 1000
/** A page is shown after this time even if it is not full, when the next row comes: a slow flow should be seen. */
const PAGE_MS = 1000

async function printLines(run: RunningFlow, output: Output): Promise<void> {
  for await (const row of run) {
    const full = output.write(jsonLine(row))
    if (full !== undefined) await full
    if (output.closed) return
  }
}

async function printTable(run: RunningFlow, output: Output, shell: Shell): Promise<void> {
  const table = new TablePrinter(shell.stdout.columns)
  let page: Row[] = []
  let isEmpty = true
  let pageStartedMs = shell.now()
  for await (const row of run) {
    isEmpty = false
    page.push(row)
    if (page.length < PAGE_ROWS && shell.now() - pageStartedMs < PAGE_MS) continue
    await output.write(table.page(page))
    if (output.closed) return
    page = []
    pageStartedMs = shell.now()
  }
  await output.write(isEmpty ? '(no rows)\n' : table.page(page))
}

/** Writes every row of `run`; stops early when nobody reads. */
export function printRows(run: RunningFlow, format: Format, output: Output, shell: Shell): Promise<void> {
  return format === 'jsonl' ? printLines(run, output) : printTable(run, output, shell)
}
