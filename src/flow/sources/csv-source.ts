import type { Row } from '../../columnar/schema.js'
import { columnList } from '../column-list.js'
import type { ColumnPlan } from '../column-plan.js'
import type { SkippedRows } from '../operators/skipped-rows.js'
import type { CsvInputPlan } from '../plan.js'
import { type Block, BlockSource } from './block-source.js'
import type { CsvRecord } from './csv-record.js'
import { type BrokenRecord, CsvRecords } from './csv-records.js'
import { READERS } from './csv-values.js'
import { contentError } from './read-error.js'
import type { Split, SplitFile } from './split.js'
import { textBytes } from './text-bytes.js'

const BLOCK_ROWS = 512

/** Whole CSV files, some hundred rows at a time. */
export class CsvSource extends BlockSource {
  readonly #input: CsvInputPlan
  readonly #cwd: string
  readonly #skips: SkippedRows | undefined

  /** `skips`: takes rows that are bad; undefined: they are errors. */
  constructor(
    input: CsvInputPlan,
    nextSplit: () => Promise<Split | undefined>,
    { cwd, skips }: { cwd: string; skips?: SkippedRows | undefined },
  ) {
    super(nextSplit)
    this.#input = input
    this.#cwd = cwd
    this.#skips = skips
    this.int32.found((input.columns ?? []).map(({ column, type }) => ({ name: column, type })))
  }

  protected async *blocksOf({ path }: SplitFile): AsyncGenerator<Block, void, undefined> {
    const table = new Table(this.#input, path, this.#skips)
    for await (const records of this.#records(path)) {
      for (const record of records) {
        table.add(record)
        if (table.rowCount === BLOCK_ROWS) yield table.take()
      }
    }
    if (table.rowCount > 0) yield table.take()
  }

  async *#records(path: string): AsyncGenerator<(CsvRecord | BrokenRecord)[], void, undefined> {
    const records = new CsvRecords(this.#input)
    for await (const bytes of textBytes(this.#cwd, path)) {
      records.add(bytes)
      yield* stepsOf(records)
    }
    for (let last = await records.finish(); last !== undefined; last = await records.finish()) {
      yield last
      yield* stepsOf(records)
    }
  }
}

/** Lets the event loop turn where much text gives no record. */
async function* stepsOf(records: CsvRecords): AsyncGenerator<(CsvRecord | BrokenRecord)[], void, undefined> {
  for (let step = records.step(); step !== undefined; step = records.step()) {
    if (step.length > 0) yield step
    else await new Promise(setImmediate)
  }
}

/** A field of each row that is wanted, and how it is read. */
interface Field extends ColumnPlan {
  readonly at: number
  /** An empty text is one of its values. */
  readonly isText: boolean
  readonly read: (text: string) => unknown
}

/** The rows of one file. */
class Table {
  readonly #columns: readonly ColumnPlan[] | undefined
  readonly #path: string
  readonly #skips: SkippedRows | undefined
  #width = 0
  #fields: readonly Field[] | undefined
  #rows: Row[] = []
  #offsets: number[] = []

  constructor({ columns, header }: CsvInputPlan, path: string, skips: SkippedRows | undefined) {
    this.#columns = columns
    this.#path = path
    this.#skips = skips
    if (header !== undefined) this.#name(header)
  }

  get rowCount(): number {
    return this.#rows.length
  }

  add(record: CsvRecord | BrokenRecord): void {
    if (!('fields' in record)) {
      const error = this.#error('SourceLine', record, record.problem)
      // Without their names no row can be read.
      if (this.#fields === undefined) throw error
      this.#leaveOut(record, error)
    } else if (this.#fields === undefined) {
      if (!record.isBlank) this.#name(record.fields)
    } else if (record.fields.length === this.#width) this.#keep(record, this.#fields)
    else if (!record.isBlank) {
      const problem = `a row of ${record.fields.length} fields where ${this.#width} are named`
      this.#leaveOut(record, this.#error('SourceLine', record, problem))
    }
  }

  /** The rows since the last time. */
  take(): Block {
    const rows = this.#rows
    const offsets = this.#offsets
    this.#rows = []
    this.#offsets = []
    return { path: this.#path, rows: rows.length, row: (at) => rows[at], offset: (at) => offsets[at] }
  }

  #keep(record: CsvRecord, fields: readonly Field[]): void {
    const row: Record<string, unknown> = {}
    for (const field of fields) {
      const text = record.fields[field.at]
      const isNull = text === '' && field.nullable && (!field.isText || record.isNull(field.at))
      const value = isNull ? null : field.read(text)
      if (value === undefined) {
        this.#leaveOut(record, this.#misfit(field, text, record))
        return
      }
      row[field.column] = value
    }
    this.#rows.push(row)
    this.#offsets.push(record.offset)
  }

  /** Throws the error where nobody takes it. */
  #leaveOut(record: CsvRecord | BrokenRecord, error: Error): void {
    if (this.#skips === undefined) throw error
    const given = 'fields' in record ? { fields: record.fields } : undefined
    this.#skips.take(error, { file: this.#path, offset: record.offset }, given)
  }

  #name(names: readonly string[]): void {
    const all = this.#checked(names)
    this.#width = all.length
    this.#fields = (this.#columns ?? all.map((column) => ({ column, type: 'utf8', nullable: true }))).map((plan) => {
      const at = all.indexOf(plan.column)
      if (at < 0)
        throw contentError('ColumnMissing', this.#path, 0, `${this.#path}: there is no column "${plan.column}"; it has ${all.join(', ')}`)
      const read = READERS[plan.type as keyof typeof READERS]
      return { ...plan, at, isText: read('') === '', read }
    })
  }

  #checked(names: readonly string[]): readonly string[] {
    try {
      return columnList(names, this.#path)
    } catch (error) {
      throw contentError('FileColumn', this.#path, 0, (error as Error).message)
    }
  }

  #misfit({ column, type }: Field, text: string, record: CsvRecord): Error {
    const shown = text === '' ? `is empty; declare it '${type}?'` : `is ${JSON.stringify(text.slice(0, 100))}, which is no ${type}`
    return this.#error('FileColumn', record, `column "${column}" ${shown}`)
  }

  #error(code: 'FileColumn' | 'SourceLine', { offset, line }: CsvRecord | BrokenRecord, problem: string): Error {
    return contentError(code, this.#path, offset, `${this.#path}, line ${line}: ${problem}`)
  }
}
