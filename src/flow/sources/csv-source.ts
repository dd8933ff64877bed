import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import { CsvError, type Info, parse } from 'csv-parse'
import type { Row } from '../../columnar/schema.js'
import { columnList } from '../column-list.js'
import type { ColumnPlan, CsvInputPlan } from '../plan.js'
import { type Block, BlockSource } from './block-source.js'
import { READERS } from './csv-values.js'
import { contentError } from './read-error.js'
import type { Split, SplitFile } from './split.js'

const BLOCK_ROWS = 512

/** A field of each record that is wanted, and how it is read. */
interface Field extends ColumnPlan {
  readonly at: number
  readonly read: (text: string) => unknown
}

interface Parsed {
  readonly record: readonly string[]
  readonly info: Info
}

/** Whole CSV files, some hundred rows at a time. A row's offset is the byte at which it ends. */
export class CsvSource extends BlockSource {
  readonly #input: CsvInputPlan
  readonly #cwd: string

  constructor(input: CsvInputPlan, nextSplit: () => Promise<Split | undefined>, cwd: string) {
    super(nextSplit)
    this.#input = input
    this.#cwd = cwd
  }

  protected async *blocksOf({ path }: SplitFile): AsyncGenerator<Block, void, undefined> {
    const { delimiter, quote, header } = this.#input
    const bytes = createReadStream(resolve(this.#cwd, path))
    const records = parse({ delimiter, quote, escape: quote, bom: true, info: true, skip_empty_lines: true })
    bytes.on('error', (error) => records.destroy(error))
    const closed = new Promise<void>((done) => bytes.once('close', () => done()))
    try {
      let fields = header && this.#fields(header, path)
      let rows: Row[] = []
      let ends: number[] = []
      for await (const { record, info } of bytes.pipe(records) as AsyncIterable<Parsed>) {
        if (fields === undefined) {
          fields = this.#fields(record, path)
          continue
        }
        if (record.length !== (header ?? record).length) throw lengthError(path, info, record.length, (header ?? record).length)
        rows.push(rowOf(record, fields, path, info))
        ends.push(info.bytes)
        if (rows.length < BLOCK_ROWS) continue
        yield blockOf(path, rows, ends)
        rows = []
        ends = []
      }
      if (rows.length > 0) yield blockOf(path, rows, ends)
    } catch (error) {
      throw error instanceof CsvError ? badRow(path, error) : error
    } finally {
      records.destroy()
      bytes.destroy()
      await closed
    }
  }

  #fields(names: readonly string[], path: string): Field[] {
    const { columns } = this.#input
    const all = namesOf(names, path)
    if (columns === undefined) return all.map((column, at) => ({ column, type: 'utf8', nullable: true, at, read: READERS.utf8 }))
    return columns.map((plan) => {
      const at = all.indexOf(plan.column)
      if (at < 0) throw contentError('ColumnMissing', path, 0, `${path}: there is no column "${plan.column}"; it has ${all.join(', ')}`)
      return { ...plan, at, read: READERS[plan.type as keyof typeof READERS] }
    })
  }
}

function namesOf(names: readonly string[], path: string): readonly string[] {
  try {
    return columnList(names, path)
  } catch (error) {
    throw contentError('FileColumn', path, 0, (error as Error).message)
  }
}

function blockOf(path: string, rows: readonly Row[], ends: readonly number[]): Block {
  return { path, rows: rows.length, row: (at) => rows[at], offset: (at) => ends[at] }
}

function rowOf(record: readonly string[], fields: readonly Field[], path: string, info: Info): Row {
  const row: Record<string, unknown> = {}
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i]
    const text = record[field.at]
    row[field.column] = text === '' && field.nullable ? null : (field.read(text) ?? refuse(field, text, path, info))
  }
  return row
}

function refuse({ column, type }: Field, text: string, path: string, { lines, bytes }: Info): never {
  const shown = text === '' ? `is empty; declare it '${type}?'` : `is ${JSON.stringify(text.slice(0, 100))}, which is no ${type}`
  throw contentError('FileColumn', path, bytes, `${path}, line ${lines}: column "${column}" ${shown}`)
}

function lengthError(path: string, { lines, bytes }: Info, got: number, expected: number): Error {
  return contentError('SourceLine', path, bytes, `${path}, line ${lines}: a row of ${got} fields where ${expected} are named`)
}

function badRow(path: string, error: CsvError): Error {
  return contentError('SourceLine', path, Number(error.bytes ?? 0), `${path}: ${error.message}`)
}
