import { Readable } from 'node:stream'
import { CsvError, type Parser, parse } from 'csv-parse'
import type { Row } from '../../columnar/schema.js'
import { columnList } from '../column-list.js'
import type { ColumnPlan, CsvInputPlan } from '../plan.js'
import { type Block, BlockSource } from './block-source.js'
import { READERS } from './csv-values.js'
import { contentError } from './read-error.js'
import type { Split, SplitFile } from './split.js'
import { textBytes } from './text-bytes.js'

const BLOCK_ROWS = 512
/** A quote that is never closed would take in the rest of its file. */
const ROW_BYTES_MAX = 0x100_0000

/** A record, and where it ends. */
interface Parsed {
  readonly record: readonly string[]
  readonly bytes: number
  readonly lines: number
}

/** Whole CSV files, some hundred rows at a time. */
export class CsvSource extends BlockSource {
  readonly #input: CsvInputPlan
  readonly #cwd: string

  constructor(input: CsvInputPlan, nextSplit: () => Promise<Split | undefined>, cwd: string) {
    super(nextSplit)
    this.#input = input
    this.#cwd = cwd
    this.int32.found((input.columns ?? []).map(({ column, type }) => ({ name: column, type })))
  }

  protected async *blocksOf({ path }: SplitFile): AsyncGenerator<Block, void, undefined> {
    const { delimiter, quote } = this.#input
    const bytes = Readable.from(textBytes(this.#cwd, path), { objectMode: false })
    // The length of rows is looked at here: a blank line is a row of one empty field.
    const records = parse({ delimiter, quote, escape: quote, bom: true, relax_column_count: true, max_record_size: ROW_BYTES_MAX })
    tellEnds(records)
    bytes.on('error', (error) => records.destroy(error))
    const closed = new Promise<void>((done) => bytes.once('close', () => done()))
    try {
      const table = new Table(this.#input, path)
      for await (const parsed of bytes.pipe(records) as AsyncIterable<Parsed>) {
        table.add(parsed)
        if (table.rowCount === BLOCK_ROWS) yield table.take()
      }
      if (table.rowCount > 0) yield table.take()
    } catch (error) {
      throw error instanceof CsvError ? contentError('SourceLine', path, Number(error.bytes ?? 0), `${path}: ${error.message}`) : error
    } finally {
      records.destroy()
      bytes.destroy()
      await closed
    }
  }
}

/** Its own option for that, `info`, takes as long as all the rest. */
function tellEnds(records: Parser): void {
  const push = records.push.bind(records)
  records.push = (record: readonly string[] | null) =>
    push(record === null ? null : ({ record, bytes: records.info.bytes, lines: records.info.lines } satisfies Parsed))
}

/** A field of each row that is wanted, and how it is read. */
interface Field extends ColumnPlan {
  readonly at: number
  readonly read: (text: string) => unknown
}

/** The rows of one file. */
class Table {
  readonly #columns: readonly ColumnPlan[] | undefined
  readonly #path: string
  #width = 0
  #fields: readonly Field[] | undefined
  #rows: Row[] = []
  #offsets: number[] = []
  /** The byte at which the next row begins. */
  #offset = 0

  constructor({ columns, header }: CsvInputPlan, path: string) {
    this.#columns = columns
    this.#path = path
    if (header !== undefined) this.#name(header)
  }

  get rowCount(): number {
    return this.#rows.length
  }

  add({ record, bytes, lines }: Parsed): void {
    const isBlank = record.length === 1 && record[0] === ''
    if (this.#fields === undefined) {
      if (!isBlank) this.#name(record)
    } else if (record.length === this.#width) this.#keep(record, this.#fields, lines)
    else if (!isBlank) throw this.#error('SourceLine', lines, `a row of ${record.length} fields where ${this.#width} are named`)
    this.#offset = bytes
  }

  /** The rows since the last time. */
  take(): Block {
    const rows = this.#rows
    const offsets = this.#offsets
    this.#rows = []
    this.#offsets = []
    return { path: this.#path, rows: rows.length, row: (at) => rows[at], offset: (at) => offsets[at] }
  }

  #keep(record: readonly string[], fields: readonly Field[], line: number): void {
    const row: Record<string, unknown> = {}
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i]
      const text = record[field.at]
      row[field.column] = text === '' && field.nullable ? null : (field.read(text) ?? this.#refuse(field, text, line))
    }
    this.#rows.push(row)
    this.#offsets.push(this.#offset)
  }

  #name(names: readonly string[]): void {
    const all = this.#checked(names)
    this.#width = all.length
    this.#fields = (this.#columns ?? all.map((column) => ({ column, type: 'utf8', nullable: true }))).map((plan) => {
      const at = all.indexOf(plan.column)
      if (at < 0)
        throw contentError('ColumnMissing', this.#path, 0, `${this.#path}: there is no column "${plan.column}"; it has ${all.join(', ')}`)
      return { ...plan, at, read: READERS[plan.type as keyof typeof READERS] }
    })
  }

  #checked(names: readonly string[]): readonly string[] {
    try {
      return columnList(names, this.#path)
    } catch (error) {
      throw contentError('FileColumn', this.#path, 0, (error as Error).message)
    }
  }

  #refuse({ column, type }: Field, text: string, line: number): never {
    const shown = text === '' ? `is empty; declare it '${type}?'` : `is ${JSON.stringify(text.slice(0, 100))}, which is no ${type}`
    throw this.#error('FileColumn', line, `column "${column}" ${shown}`)
  }

  #error(code: 'FileColumn' | 'SourceLine', line: number, problem: string): Error {
    return contentError(code, this.#path, this.#offset, `${this.#path}, line ${line}: ${problem}`)
  }
}
