import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { tableFromIPC } from 'apache-arrow'
import { parquetMetadata } from 'hyparquet'
import { arrow, csv, type Flow, flow, jsonl, type Part, parquet, type RunOptions, to } from 'millrace/flow'
import { parquetBytes } from '../flow/parquet-writer.js'
import type { AnyFlow } from './oracle.js'
import { copied, isEven, sameColumns } from './stages/basic.js'
import { errorOf, rowsOf, sorted, start, startAll, temporaryFolder, useWays, writeFiles } from './support.js'

const FULL = process.env.MILLRACE_FULL === '1'
const STAGES = new URL('./stages/basic.js', import.meta.url)
const LEAST = -(2 ** 31)
const MOST = 2 ** 31 - 1

type Row = { id: number; value: number | null }

const folder = temporaryFolder()
const { ways } = useWays(FULL ? undefined : [2])
const defaultWays = ways.filter(({ options }) => options.ringBytes === undefined)
/** The largest and least numbers that both types hold, zero, and some that come again. */
const EDGES = [0, MOST, LEAST, -1, null]
const ROWS: Row[] = Array.from({ length: 4000 }, (_none, id) => ({ id, value: EDGES[id] ?? (id % 100) - 50 }))
/** The same numbers, but that zero is minus zero; and some that are not whole. */
const FLOATS: Row[] = [
  ...ROWS.map(({ id, value }) => ({ id: id === 0 ? -0 : id, value: value === 0 ? -0 : value })),
  { id: 0.5, value: 0.5 },
]

const INT32 = [
  { name: 'id', type: 'INT32' },
  { name: 'value', type: 'INT32', optional: true },
] as const
const DOUBLE = INT32.map((column) => ({ ...column, type: 'DOUBLE' as const }))

function groupsOf(rows: readonly Row[]): unknown[][][] {
  const half = rows.length / 2
  return [rows.slice(0, half), rows.slice(half)].map((group) => group.map(({ id, value }) => [id, value]))
}

before(async () => {
  const csvText = ROWS.map(({ id, value }) => `${id},${value ?? ''}\n`).join('')
  const wholes = ROWS.slice(1).filter(({ value }) => value !== 0)
  await writeFiles(folder, {
    'int/0.parquet': parquetBytes([...INT32], groupsOf(ROWS.slice(0, 2000))),
    'int/1.parquet': parquetBytes([...INT32], groupsOf(ROWS.slice(2000))),
    'float/0.parquet': parquetBytes(DOUBLE, groupsOf(FLOATS)),
    'mixed/0.parquet': parquetBytes([...INT32], groupsOf(ROWS)),
    'mixed/1.parquet': parquetBytes(DOUBLE, groupsOf(wholes)),
    'wide/0.parquet': parquetBytes(
      INT32.map((column) => ({ ...column, type: 'INT64' as const })),
      [ROWS.map(({ id, value }) => [BigInt(id), value === null ? null : BigInt(value)])],
    ),
    'some.csv': `id,value\n${csvText}`,
    'some.jsonl': ROWS.map((row) => `${JSON.stringify(row)}\n`).join(''),
  })
})

const read = (name: string): Flow<Row> => flow(STAGES).read(parquet<Row>(`${folder}/${name}/*.parquet`))
const ints = (): Flow<Row> => read('int')
const floats = (): Flow<Row> => read('float')
const fromCsv = (): Flow<Row> =>
  flow(STAGES).read(csv(`${folder}/some.csv`, { columns: { id: 'int32', value: 'int32?' } })) as unknown as Flow<Row>
const fromJson = (): Flow<Row> => flow(STAGES).read(jsonl<Row>(`${folder}/some.jsonl`))
const declared = (name: string, type: 'int32' | 'float64'): Flow<Row> =>
  flow(STAGES).read(parquet(`${folder}/${name}/*.parquet`, { columns: { id: type, value: `${type}?` } })) as unknown as Flow<Row>

type Types = Record<string, string | undefined>

/** The types of the columns in what a flow writes. */
async function parquetTypes(job: AnyFlow, options: RunOptions): Promise<Types> {
  const out = mkdtempSync(join(folder, 'out-'))
  await rowsOf(job.write(to.parquet(`${out}/a.parquet`)) as Flow<Part>, options)
  const bytes = readFileSync(`${out}/a.parquet`)
  const { schema } = parquetMetadata(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer)
  return Object.fromEntries(schema.slice(1).map(({ name, type }) => [name, type]))
}

const ARROW_NAMES: Types = { Int32: 'INT32', Float64: 'DOUBLE' }

function arrowTypes(bytes: Uint8Array): Types {
  return Object.fromEntries(tableFromIPC(bytes).schema.fields.map(({ name, type }) => [name, ARROW_NAMES[`${type}`]]))
}

/** The types in what two flows of one run write. */
async function typesOfBoth(jobs: readonly [AnyFlow, AnyFlow], options: RunOptions): Promise<Types[]> {
  const out = mkdtempSync(join(folder, 'out-'))
  await startAll(
    jobs.map((job, index) => job.write(to.arrow(`${out}/${index}.arrow`))),
    options,
  ).collect()
  return jobs.map((_job, index) => arrowTypes(readFileSync(`${out}/${index}.arrow`)))
}

async function arrowFileTypes(job: AnyFlow, options: RunOptions): Promise<Types> {
  const out = mkdtempSync(join(folder, 'out-'))
  await rowsOf(job.write(to.arrow(`${out}/a.arrow`)) as Flow<Part>, options)
  return arrowTypes(readFileSync(`${out}/a.arrow`))
}

async function arrowStreamTypes(job: AnyFlow, options: RunOptions): Promise<Types> {
  const pieces: Uint8Array[] = []
  for await (const piece of start(job, options).toNode({ format: 'arrow' })) pieces.push(piece)
  return arrowTypes(Buffer.concat(pieces))
}

describe('the type of a column', () => {
  const [INT, FLOAT] = ['INT32', 'DOUBLE']
  const both = (id: string, value = id): Types => ({ id, value })
  const renamed = (job: Flow<Row>): AnyFlow => job.groupBy('id', (a) => ({ n: a.count() })) as AnyFlow
  const cases: [string, () => AnyFlow, Types][] = [
    ['of a file', ints, both(INT)],
    ['of numbers in JSON', fromJson, both(FLOAT)],
    ['of declared CSV', fromCsv, both(INT)],
    ['declared float64', () => declared('int', 'float64'), both(FLOAT)],
    ['declared int32, of 64 bits in the file', () => declared('wide', 'int32'), both(INT)],
    ['of 64 bits in the file', () => read('wide'), both(FLOAT)],
    ['behind a filter', () => ints().filter(isEven), both(INT)],
    ['behind a map', () => ints().map(copied), both(FLOAT)],
    ['behind a map of columns', () => ints().exchange.hash('id').mapColumns(sameColumns), both(FLOAT)],
    ['behind a sort', () => ints().sort('value', 'id'), both(INT)],
    ['behind the first rows of a sort', () => ints().sort('value', 'id').limit(5), both(INT)],
    ['behind a limit', () => ints().limit(10), both(INT)],
    ['behind distinct rows', () => ints().distinct(), both(INT)],
    ['behind the first rows of each key', () => ints().topPerKey('value', { orderBy: 'id', rows: 2 }), both(INT)],
    ['behind exchanges', () => ints().exchange.hash('id').exchange.roundRobin().exchange.gather(), both(INT)],
    ['behind a union of such columns', () => ints().union(fromCsv()), both(INT)],
    ['behind a union with one of JSON', () => ints().union(fromJson()), both(FLOAT)],
    ['behind a union with one of JSON, the other way round', () => fromJson().union(ints()).sort('id'), both(FLOAT)],
    ['of keys and aggregates', () => ints().groupBy('value', (a) => ({ most: a.max('id') })), { value: INT, most: FLOAT }],
    [
      'behind a join with such columns',
      () => ints().join(fromCsv(), { on: 'id', suffix: '2', exchange: 'hash' }),
      { id: INT, value: INT, value2: INT },
    ],
    [
      'behind a join with others',
      () => ints().join(renamed(fromJson()), { on: 'id', kind: 'left', exchange: 'broadcast' }),
      { id: INT, value: INT, n: FLOAT },
    ],
    [
      'of a key that only the right side of a join has so',
      () => fromJson().join(renamed(ints()), { on: 'id', exchange: 'hash' }),
      { id: FLOAT, value: FLOAT, n: FLOAT },
    ],
    ['behind a join that adds none', () => ints().join(fromJson(), { on: 'id', kind: 'semi' }), both(INT)],
  ]

  for (const [name, job, expected] of cases) {
    test(`${name} is kept, or float64, to the end`, async () => {
      for (const way of FULL ? ways : defaultWays.filter(({ workers }) => workers === 2)) {
        assert.deepEqual(await parquetTypes(job(), way.options), expected, way.name)
        assert.deepEqual(await arrowFileTypes(job(), way.options), expected, way.name)
        assert.deepEqual(await arrowStreamTypes(job(), way.options), expected, way.name)
      }
    })
  }

  test('of files that differ is float64, though all numbers are whole; a stream has that of its first rows, if the others fit', async () => {
    for (const way of defaultWays) {
      assert.deepEqual(await parquetTypes(read('mixed'), way.options), both(FLOAT), way.name)
      assert.deepEqual(await arrowFileTypes(read('mixed'), way.options), both(FLOAT), way.name)
      const types = await arrowStreamTypes(read('mixed'), way.options)
      assert.ok(
        [INT, FLOAT].some((type) => types.id === type && types.value === type),
        way.name,
      )
    }
  })

  test('is that of a tee, each where it stands, and the files are read again', async () => {
    for (const way of defaultWays) {
      const out = mkdtempSync(join(folder, 'out-'))
      const job = ints()
        .filter(isEven)
        .tee(to.arrow(`${out}/before/`))
        .map(copied)
        .tee(to.arrow(`${out}/after/`))
      const rows = await rowsOf(job, way.options)
      for (const [name, type] of [
        ['before', INT],
        ['after', FLOAT],
      ] as const) {
        const parts = readdirSync(`${out}/${name}`).filter((part) => part.endsWith('.arrow'))
        assert.ok(parts.length > 0)
        for (const part of parts) assert.deepEqual(arrowTypes(readFileSync(`${out}/${name}/${part}`)), both(type), way.name)
        const again = flow(STAGES).read(arrow<Row>(`${out}/${name}/*.arrow`))
        assert.deepEqual(sorted(await rowsOf(again, way.options)), sorted(rows), way.name)
        assert.deepEqual(await parquetTypes(again, way.options), both(type), way.name)
      }
    }
  })

  test('is the same where several flows get the rows', async () => {
    for (const way of ways) {
      assert.deepEqual(await typesOfBoth([ints().filter(isEven), ints().sort('id')], way.options), [both(INT), both(INT)], way.name)
      assert.deepEqual(await typesOfBoth([ints().map(copied), ints()], way.options), [both(FLOAT), both(INT)], way.name)
    }
  })

  test('is int32 where a sink declares it, if every value fits', async () => {
    const columns = { id: 'int32', value: 'int32?' } as const
    for (const way of defaultWays) {
      const out = mkdtempSync(join(folder, 'out-'))
      await rowsOf(
        fromJson()
          .map(copied)
          .write(to.arrow(`${out}/a.arrow`, { columns })),
        way.options,
      )
      assert.deepEqual(arrowTypes(readFileSync(`${out}/a.arrow`)), both(INT), way.name)
      for (const sink of [to.arrow(`${out}/b.arrow`, { columns }), to.parquet(`${out}/b.parquet`, { columns })]) {
        const error = await errorOf(rowsOf(floats().write(sink), way.options))
        assert.equal(error.code, 'SinkColumn', way.name)
        assert.match(error.message, /"id" is .*0\.5/)
      }
    }
  })
})

/** All rows of a run, which must have used the disk where it has little memory. */
async function rowsWithin<R>(job: Flow<R>, options: RunOptions): Promise<R[]> {
  const run = start(job, options)
  const rows = await run.collect()
  if (options.memoryBytes !== undefined) assert.ok(run.stats().spilledBytes > 0, 'it used no disk')
  return rows
}

describe('where int32 and float64 meet, equal numbers are equal', () => {
  const plain = (rows: readonly Row[]): Row[] => rows.map(({ id, value }) => ({ id: id + 0, value: value === null ? null : value + 0 }))
  const ALL = [...ROWS, ...FLOATS]

  for (const memoryBytes of [undefined, 100_000]) {
    const limits = memoryBytes === undefined ? {} : { memoryBytes }
    const how = memoryBytes === undefined ? '' : ', on disk'

    test(`in a join${how}`, async () => {
      const expected = ROWS.map(({ id, value }) => ({ id, value, value2: FLOATS[id].value }))
      for (const way of ways) {
        const rows = await rowsWithin(ints().join(floats(), { on: 'id', suffix: '2', exchange: 'hash' }), { ...way.options, ...limits })
        assert.deepEqual(sorted(rows), sorted(expected), way.name)
        const others = await rowsOf(floats().join(ints(), { on: 'id', kind: 'anti', exchange: 'hash' }), { ...way.options, ...limits })
        assert.deepEqual(others, [{ id: 0.5, value: 0.5 }], way.name)
      }
    })

    test(`in distinct and groupBy${how}`, async () => {
      const keys = new Map<number | null, number>()
      for (const { value } of plain(ALL)) keys.set(value, (keys.get(value) ?? 0) + 1)
      const groups = [...keys].map(([value, n]) => ({ value, n }))
      for (const way of ways) {
        const options = { ...way.options, ...limits }
        const once = await rowsWithin(ints().union(floats()).distinct(), options)
        assert.deepEqual(sorted(plain(once)), sorted([...ROWS, { id: 0.5, value: 0.5 }]), way.name)
        const counted = await rowsOf(
          ints()
            .union(floats())
            .groupBy('value', (a) => ({ n: a.count() })),
          options,
        )
        assert.deepEqual(sorted(counted.map(({ value, n }) => ({ value: value === null ? null : value + 0, n }))), sorted(groups), way.name)
      }
    })

    test(`in a sort, which merges${how}`, async () => {
      const expected = plain(ALL).sort((a, b) => a.id - b.id)
      for (const way of ways) {
        const rows = await rowsWithin(ints().union(floats()).sort('id'), { ...way.options, ...limits })
        assert.deepEqual(plain(rows), expected, way.name)
      }
    })
  }

  test('in aggregates, whose sums do not end at 32 bits', async () => {
    const values = ROWS.flatMap(({ id, value }) => (value === 49 ? [id] : []))
    const expected = { least: values[0], most: values.at(-1), different: values.length, total: 4 * values.reduce((sum, id) => sum + id, 0) }
    for (const way of ways) {
      const groups = await rowsOf(
        [ints(), floats(), fromCsv()]
          .reduce((all, each) => all.union(each), ints())
          .groupBy('value', (a) => ({ least: a.min('id'), most: a.max('id'), different: a.countDistinct('id'), total: a.sum('id') })),
        way.options,
      )
      assert.deepEqual(
        groups.find(({ value }) => value === 49),
        { value: 49, ...expected },
        way.name,
      )
      const sums = await rowsOf(
        ints()
          .union(ints())
          .groupBy('id', (a) => ({ sum: a.sum('value') })),
        way.options,
      )
      assert.deepEqual([sums.find(({ id }) => id === 1)?.sum, sums.find(({ id }) => id === 2)?.sum], [2 * MOST, 2 * LEAST], way.name)
    }
  })
})
