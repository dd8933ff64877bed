import { MillraceError } from '../../base/errors.js'
import type { Row } from '../../columnar/schema.js'
import { base64, jsonText } from './json-text.js'
import type { RowEncoder } from './row-encoder.js'

export interface CsvEncoderOptions {
  /** For messages: what is written. */
  readonly where: string
  /** Absent: those of the first row. */
  readonly columns?: readonly string[] | undefined
  readonly delimiter: string
  readonly blockBytes: number
}

/** CSV (RFC 4180, but that lines end with a line feed alone): a row of names, then one line a row. Null is an empty field, the empty string `""`. */
export class CsvEncoder implements RowEncoder {
  readonly #options: CsvEncoderOptions
  /** Fields that must be quoted: what it would be read as otherwise is something else. */
  readonly #special: RegExp
  #columns: readonly string[] | undefined
  #hasHeader = false
  #rows = 0
  #text = ''

  constructor(options: CsvEncoderOptions) {
    this.#options = options
    this.#special = new RegExp(`["\\r\\n${options.delimiter.replace(/[\\\]^-]/, '\\$&')}]|^\\ufeff|^$`)
    this.#columns = options.columns
  }

  add(row: Readonly<Row>): boolean {
    const names = Object.keys(row)
    this.#columns ??= this.#named(names)
    if (!this.#hasHeader) this.#header(this.#columns)
    this.#rows++
    this.#text += isSame(names, this.#columns) ? this.#line(row, names) : this.#lineOf(row, names, this.#columns)
    return this.#text.length >= this.#options.blockBytes
  }

  take(): Uint8Array {
    const bytes = Buffer.from(this.#text)
    this.#text = ''
    return bytes
  }

  end(): Uint8Array {
    if (!this.#hasHeader && this.#columns !== undefined) this.#header(this.#columns)
    this.#hasHeader = false
    return this.take()
  }

  #named(names: readonly string[]): readonly string[] {
    if (names.length > 0) return names
    throw new MillraceError('SinkColumn', `${this.#options.where}: the first row has no columns: name them in the option columns`)
  }

  #header(columns: readonly string[]): void {
    this.#hasHeader = true
    this.#text += `${columns.map((column) => this.#quoted(column)).join(this.#options.delimiter)}\n`
  }

  /** Of a row that has these columns and no other. */
  #line(row: Readonly<Row>, columns: readonly string[]): string {
    let line = this.#field(row[columns[0]])
    for (let i = 1; i < columns.length; i++) line += this.#options.delimiter + this.#field(row[columns[i]])
    return `${line}\n`
  }

  /** A column that a row lacks is null. */
  #lineOf(row: Readonly<Row>, names: readonly string[], columns: readonly string[]): string {
    const extra = names.find((name) => !columns.includes(name))
    if (extra !== undefined) throw this.#unknown(extra)
    return `${columns.map((column) => (Object.hasOwn(row, column) ? this.#field(row[column]) : '')).join(this.#options.delimiter)}\n`
  }

  #field(value: unknown): string {
    switch (typeof value) {
      case 'string':
        return this.#quoted(value)
      case 'number':
        return Object.is(value, -0) ? '-0' : String(value)
      case 'object':
        return value === null ? '' : this.#object(value)
      case 'bigint':
      case 'boolean':
        return String(value)
      default:
        return ''
    }
  }

  #object(value: object): string {
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? '' : value.toISOString()
    if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return base64(value)
    return this.#quoted(jsonText(value))
  }

  #quoted(text: string): string {
    return this.#special.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }

  #unknown(column: string): MillraceError {
    const { where, columns } = this.#options
    const known = `${columns === undefined ? 'the first row has' : 'columns names'} ${(this.#columns as readonly string[]).join(', ')}`
    return new MillraceError(
      'SinkColumn',
      `${where}: row ${this.#rows} has a column ${JSON.stringify(column)}, where ${known}: name all in the option columns, or leave it out in a map`,
    )
  }
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
