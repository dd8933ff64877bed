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
/** Where the terminal does not tell its width. */
const TERMINAL_WIDTH_DEFAULT = 120

const total = (columns: readonly Column[]): number => columns.reduce((sum, column) => sum + column.width, 0)

/** Takes a cell from the widest of the columns that may be cut, until all fit or none can give more. */
function cut(columns: readonly Column[], room: number, mayCut: (column: Column) => boolean): Column[] {
  const fitted = [...columns]
  for (let excess = total(columns) - room; excess > 0; excess--) {
    let widest = -1
    for (const [index, column] of fitted.entries()) {
      if (mayCut(column) && column.width > (fitted[widest]?.width ?? WIDTH_MIN)) widest = index
    }
    const column = fitted[widest]
    if (column === undefined) break
    fitted[widest] = { ...column, width: column.width - 1 }
  }
  return fitted
}

/** As wide as the rows want, at least as wide as before; texts are cut before numbers, and nothing below four cells. */
function layOut(rows: readonly Row[], terminalWidth: number, before: readonly Column[] | undefined): Column[] {
  const names = before?.map((column) => column.name) ?? [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const natural = names.map((name, index) => {
    const values = rows.map((row) => row[name]).filter((value) => value !== null && value !== undefined)
    const atLeast = before?.[index]?.width ?? stringWidth(cellText(name))
    return {
      name,
      numeric: before?.[index]?.numeric ?? (values.length > 0 && values.every(isNumeric)),
      width: rows.reduce((width, row) => Math.max(width, Math.min(stringWidth(cellText(row[name])), terminalWidth)), atLeast),
    }
  })
  const room = terminalWidth - SEPARATOR.length * (names.length - 1)
  const fitted = cut(natural, room, (column) => !column.numeric)
  return cut(fitted, room, () => true)
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
 * Rows as a table, page after page: the first page decides columns and alignment, later pages keep them and get wider
 * where their numbers need it, so that a table of any length needs the memory of one page.
 */
export class TablePrinter {
  readonly #terminalWidth: number
  #columns: readonly Column[] | undefined

  constructor(terminalWidth: number | undefined) {
    this.#terminalWidth = terminalWidth || TERMINAL_WIDTH_DEFAULT
  }

  /** The text of these rows, each line ended; the first page has the heading. Empty where there are no rows. */
  page(rows: readonly Row[]): string {
    if (rows.length === 0) return ''
    const isFirst = this.#columns === undefined
    this.#columns = layOut(rows, this.#terminalWidth, this.#columns)
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
