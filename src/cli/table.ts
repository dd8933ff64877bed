import Table from 'cli-table3'
import cliTruncate from 'cli-truncate'
import stringWidth from 'string-width'
import { cellText, isNumeric } from './cell.js'
import type { Row } from './load.js'

interface Column {
  readonly name: string
  readonly numeric: boolean
  /** Cells of a terminal, without padding. */
  readonly width: number
}

const SEPARATOR = '  '
const WIDTH_MIN = 4
/** A long text is never made wider than this where the terminal does not tell its width. */
const COLUMNS_DEFAULT = 120

/** Takes from the widest until all fit; no column gets narrower than four cells, then lines are too long and the terminal wraps. */
function fit(widths: readonly number[], room: number): number[] {
  const fitted = [...widths]
  let excess = fitted.reduce((sum, width) => sum + width, 0) - room
  while (excess > 0) {
    const widest = Math.max(...fitted)
    if (widest <= WIDTH_MIN) break
    const next = Math.max(WIDTH_MIN, ...fitted.filter((width) => width < widest))
    const among = fitted.filter((width) => width === widest).length
    const cut = Math.max(1, Math.min(widest - next, Math.ceil(excess / among)))
    for (const [index, width] of fitted.entries())
      if (width === widest && excess > 0) {
        fitted[index] = width - cut
        excess -= cut
      }
  }
  return fitted
}

function layOut(rows: readonly Row[], terminalWidth: number): Column[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const natural = names.map((name) =>
    rows.reduce((width, row) => Math.max(width, stringWidth(cellText(row[name]))), stringWidth(cellText(name))),
  )
  const widths = fit(natural, terminalWidth - SEPARATOR.length * (names.length - 1))
  return names.map((name, index) => {
    const values = rows.map((row) => row[name]).filter((value) => value !== null && value !== undefined)
    return { name, numeric: values.length > 0 && values.every(isNumeric), width: widths[index] as number }
  })
}

const NO_FRAME = Object.fromEntries(
  [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'right',
    'right-mid',
  ].map((part) => [part, '']),
)

/**
 * Rows as a table, page after page: the first page decides columns, widths and alignment, later pages keep them,
 * so that a table of any length needs the memory of one page.
 */
export class TablePrinter {
  readonly #terminalWidth: number
  #columns: readonly Column[] | undefined

  constructor(terminalWidth: number | undefined) {
    this.#terminalWidth = terminalWidth || COLUMNS_DEFAULT
  }

  /** The text of these rows, each line ended; the first page has the heading. Empty where there are no rows. */
  page(rows: readonly Row[]): string {
    if (rows.length === 0) return ''
    const isFirst = this.#columns === undefined
    this.#columns ??= layOut(rows, this.#terminalWidth)
    const columns = this.#columns
    const table = new Table({
      ...(isFirst ? { head: columns.map((column) => this.#cell(column.name, column)) } : {}),
      chars: { ...NO_FRAME, mid: '─', 'mid-mid': SEPARATOR, middle: SEPARATOR },
      colAligns: columns.map((column) => (column.numeric ? 'right' : 'left')),
      colWidths: columns.map((column) => column.width),
      style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
    })
    for (const row of rows) table.push(columns.map((column) => this.#cell(row[column.name], column)))
    return `${table.toString().replace(/ +$/gm, '')}\n`
  }

  #cell(value: unknown, column: Column): string {
    return cliTruncate(cellText(value), column.width)
  }
}
