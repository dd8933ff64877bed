import { jsonLine } from '../flow/sinks/json-text.js'
import type { Format } from './arguments.js'
import type { Row, RunningFlow } from './load.js'
import type { Output } from './output.js'
import type { Shell } from './shell.js'
import { TablePrinter } from './table.js'

/** Rows that decide the widths of a table, and rows held in memory. */
const PAGE_ROWS = 1000
/** A page is shown after this time even if it is not full: a slow flow should be seen. */
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
  const turnPage = (): Promise<void> | undefined => {
    const rows = page
    page = []
    return output.write(table.page(rows))
  }
  const showWaiting = (): void => {
    // A failure of the output ends the run, and is thrown there.
    if (page.length > 0 && !output.closed) turnPage()?.catch(() => {})
  }
  const stop = shell.repeat(showWaiting, PAGE_MS)
  try {
    for await (const row of run) {
      isEmpty = false
      page.push(row)
      if (page.length >= PAGE_ROWS) await turnPage()
      if (output.closed) return
    }
  } finally {
    stop()
    await turnPage()
  }
  if (isEmpty) await output.write('(no rows)\n')
}

/** Writes every row of `run`; stops early when nobody reads. */
export function printRows(run: RunningFlow, format: Format, output: Output, shell: Shell): Promise<void> {
  return format === 'jsonl' ? printLines(run, output) : printTable(run, output, shell)
}
