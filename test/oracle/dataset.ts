import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CsvColumns } from 'millrace/flow'
import { parquetBytes, type TestColumn } from '../flow/parquet-writer.js'
import { Dice } from '../fuzz/dice.js'
import { type Column, column, type Kind, list, literal, pickSome, quoted, SQL_TYPES } from './columns.js'
import type { Engine } from './engine.js'
import type { AnyRow } from './stages.js'
import type { AnyFlow } from './table.js'

/** Files of generated rows: what is in them follows from this alone. */
export interface Dataset {
  readonly format: 'jsonl' | 'csv' | 'parquet'
  readonly rows: number
  readonly seed: number
  /** Whether a flow reads some of the columns only, so that rows are equal more often. */
  readonly isNarrow: boolean
}

/** Text in and beyond ASCII; in the order of UTF-16 the last two stand the other way round than in that of UTF-8. */
export const TEXTS = ['', 'a', 'b', 'a b', 'x, "y"\nz', "it's", 'ß', '日本', '\u{1F600}', '\uFF5E']

/** `n` is never null, `sparse` often. `rough` does not add up without rounding. */
const COLUMNS: readonly Column[] = [
  column('n', 'number', true),
  column('key', 'number', true),
  column('exact', 'number', true),
  column('rough', 'number'),
  column('sparse', 'number', true),
  column('name', 'text'),
  column('flag', 'boolean'),
  column('big', 'bigint'),
  column('day', 'date'),
  column('bytes', 'bytes'),
  column('tags', 'list'),
  column('place', 'object'),
]

/** What the files of a format do not hold, or a flow cannot declare: flows make bigints, dates and bytes of what JSON has. */
const LACKING: { readonly [F in Dataset['format']]: readonly Kind[] } = {
  jsonl: ['bigint', 'date', 'bytes'],
  csv: ['bytes', 'list', 'object'],
  parquet: ['list', 'object'],
}

const DECLARED = {
  n: 'int32',
  key: 'int32?',
  exact: 'float64?',
  rough: 'float64?',
  sparse: 'int32?',
  name: 'utf8?',
  flag: 'boolean?',
  big: 'int64?',
  day: 'timestamp?',
  bytes: 'binary?',
} as const

const PARQUET_TYPES = {
  n: { type: 'INT32' },
  key: { type: 'INT32', optional: true },
  exact: { type: 'DOUBLE', optional: true },
  rough: { type: 'DOUBLE', optional: true },
  sparse: { type: 'INT32', optional: true },
  name: { type: 'BYTE_ARRAY', converted: 'UTF8', optional: true },
  flag: { type: 'BOOLEAN', optional: true },
  big: { type: 'INT64', optional: true },
  day: { type: 'INT64', converted: 'TIMESTAMP_MILLIS', optional: true },
  bytes: { type: 'BYTE_ARRAY', optional: true },
} as const satisfies Record<keyof typeof DECLARED, Omit<TestColumn, 'name'>>

/** Rows of one file at most, so that most datasets are several. */
const FILE_ROWS = 700

/** JSON holds neither bigints nor dates: flows make them of its numbers. */
function columnsIn({ format }: Dataset): readonly Column[] {
  return COLUMNS.filter(({ kind }) => !LACKING[format].includes(kind))
}

/** What a flow reads of it. */
export function columnsOf(dataset: Dataset): readonly Column[] {
  const columns = columnsIn(dataset)
  return dataset.isNarrow ? pickSome(columns.slice(1), 3, new Dice(dataset.seed, 4)) : columns
}

export function drawDataset(dice: Dice, most: number): Dataset {
  const sizes = [0, 1, 5, 20, 20, 40, 40, 40, 40, 40, 150, 300, 300, 300, 300, 1000, 1000, 1000, 1000, 4000, 4000, 4000].filter(
    (size) => size <= most,
  )
  return { format: dice.pick(['jsonl', 'csv', 'parquet'] as const), rows: dice.pick(sizes), seed: dice.int(8), isNarrow: dice.chance(0.3) }
}

export function datasetName({ format, rows, seed, isNarrow }: Dataset): string {
  return `${format}_${rows}_${seed}${isNarrow ? '_narrow' : ''}`
}

function rowsOf({ format, rows, seed }: Dataset): AnyRow[] {
  const dice = new Dice(seed, rows)
  const nulls = dice.pick([0, 0.1, 0.3])
  const allNull = dice.pick(['none', 'key', 'exact', 'name'])
  const known = <T>(name: string, value: T): T | null => (name === allNull || dice.chance(nulls) ? null : value)
  const keys = dice.pick([3, 10, 40])
  const special = format === 'jsonl' ? [0.25] : [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0]
  return Array.from({ length: rows }, (_none, n) => ({
    n,
    key: known('key', dice.int(keys)),
    exact: known('exact', dice.chance(0.03) ? dice.pick(special) : (dice.int(800) - 400) / 4),
    rough: known('rough', (1 + dice.int(1e6)) / 1000),
    sparse: dice.chance(0.8) ? null : dice.int(5),
    name: known('name', dice.pick(TEXTS)),
    flag: known('flag', dice.chance(0.5)),
    big: known('big', dice.chance(0.1) ? (dice.chance(0.5) ? 1n : -1n) * (2n ** 53n + BigInt(dice.int(9))) : BigInt(dice.int(20) - 10)),
    bytes: known('bytes', dice.pick(TEXTS)),
    tags: known(
      'tags',
      Array.from({ length: dice.int(4) }, () => (dice.chance(0.2) ? null : dice.pick(TEXTS))),
    ),
    place: known('place', { ...(dice.chance(0.8) && { x: dice.int(3) }), y: dice.chance(0.2) ? null : dice.pick(TEXTS) }),
    day: known('day', new Date(dice.int(30) * 86_400_000 + dice.int(2) * 1001)),
  }))
}

function fileText(format: Dataset['format'], rows: readonly AnyRow[], columns: readonly Column[], dice: Dice): string | Uint8Array {
  const names = columns.map(({ name }) => name)
  if (format === 'jsonl') return rows.map((row) => `${JSON.stringify(someMissing(row, names, dice))}\n`).join('')
  if (format === 'csv')
    return [names, ...rows.map((row) => names.map((name) => field(row[name])))].map((each) => `${each.join()}\n`).join('')
  const groups = rows.length === 0 ? [] : [rows.slice(0, rows.length / 2), rows.slice(rows.length / 2)]
  const types = names.map((name) => ({ name, ...PARQUET_TYPES[name as keyof typeof DECLARED] }))
  return parquetBytes(
    types,
    groups.map((group) => group.map((row) => names.map((name) => stored(row[name])))),
  )
}

/** A null may as well be a key that is not there. */
function someMissing(row: AnyRow, names: readonly string[], dice: Dice): AnyRow {
  return Object.fromEntries(names.filter((name) => row[name] !== null || dice.chance(0.5)).map((name) => [name, row[name]]))
}

function field(value: unknown): string {
  if (value === null) return ''
  if (value instanceof Date) return value.toISOString()
  if (Object.is(value, -0)) return '-0'
  return typeof value === 'string' && /[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : String(value)
}

function stored(value: unknown): unknown {
  return value instanceof Date ? value.getTime() : value
}

/** Writes the files of a dataset below a folder. Returns their paths. */
export async function writeDataset(dataset: Dataset, folder: string): Promise<string[]> {
  const rows = rowsOf(dataset)
  const dice = new Dice(dataset.seed, 1)
  const parts = Array.from({ length: Math.ceil(rows.length / FILE_ROWS) }, (_none, part) =>
    rows.slice(part * FILE_ROWS, (part + 1) * FILE_ROWS),
  )
  const filed = dataset.format === 'jsonl' ? columnsOf(dataset) : columnsIn(dataset)
  const files = [...parts.slice(0, 1), [], ...parts.slice(1)]
  const below = join(folder, datasetName(dataset))
  await mkdir(below, { recursive: true })
  return Promise.all(
    files.map(async (part, index) => {
      const path = join(below, `${index}.${dataset.format}`)
      await writeFile(path, fileText(dataset.format, part, filed, dice))
      return path
    }),
  )
}

/** Begins a flow that reads it. */
export function readDataset({ flow, jsonl, csv, parquet }: Engine, stages: URL, dataset: Dataset, folder: string): AnyFlow {
  const pattern = `${folder}/${datasetName(dataset)}/*.${dataset.format}`
  const start = flow(stages)
  if (dataset.format === 'jsonl') return start.read(jsonl<AnyRow>(pattern))
  const columns = Object.fromEntries(columnsOf(dataset).map(({ name }) => [name, DECLARED[name as keyof typeof DECLARED]]))
  return dataset.format === 'csv' ? start.read(csv(pattern, { columns: columns as CsvColumns })) : start.read(parquet(pattern, { columns }))
}

/** SQL that reads the same files into a table. */
export function tableOfDataset(dataset: Dataset, paths: readonly string[]): string {
  const columns = columnsOf(dataset)
  const types = `{${list((dataset.format === 'jsonl' ? columns : columnsIn(dataset)).map(({ name, kind }) => `'${name}': '${SQL_TYPES[kind]}'`))}}`
  const files = `[${list(paths.map(literal))}]`
  const reader = {
    jsonl: `read_json(${files}, format = 'newline_delimited', records = true, columns = ${types})`,
    csv: `read_csv(${files}, header = true, auto_detect = false, delim = ',', quote = '"', escape = '"', nullstr = '', columns = ${types})`,
    parquet: `read_parquet(${files})`,
  }[dataset.format]
  const selected = list(columns.map(({ name, kind }) => `CAST(${quoted(name)} AS ${SQL_TYPES[kind]}) AS ${quoted(name)}`))
  return `CREATE TABLE ${datasetName(dataset)} AS SELECT ${selected} FROM ${reader}`
}
