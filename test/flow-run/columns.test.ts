import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { type Flow, flow, jsonl, lines } from 'millrace/flow'
import { hashValue } from '../../src/columnar/hash.js'
import type { AnyFlow, AnyRow } from './oracle.js'
import { kinds, nestedKinds, ownColumns, toMixed, toMixedInside, toNumber } from './stages/columns.js'
import { errorOf, rowsOf, sorted, temporaryFolder, useWays, writeFiles } from './support.js'

const STAGES = new URL('./stages/columns.js', import.meta.url)

const folder = temporaryFolder()
const { ways } = useWays()
const defaultWays = ways.filter(({ options }) => options.ringBytes === undefined)

/** 20 characters a line, so that each file is a split of its own and every worker gets one. */
const padded = (values: readonly (number | string)[]): string => values.map((value) => `${String(value).padStart(20)}\n`).join('')
const FULL = process.env.MILLRACE_FULL === '1'
const FLOAT_AT = FULL ? 50_000 : 20_000
/** Some come behind that one. */
const INTEGERS = FLOAT_AT + 10_000

/** Text that a hash exchange sends to another worker than this number, of two and of four. */
function elsewhere(value: number): string {
  for (let code = 0; ; code++) {
    const text = `abcdefgh${String.fromCharCode(97 + code)}z`
    if (hashValue(text) % 2 !== hashValue(value) % 2) return text
  }
}

before(async () => {
  const integers = Array.from({ length: INTEGERS }, (_none, n) => n)
  await writeFiles(folder, {
    'late/1.txt': integers.map((n) => `${n}\n`).join(''),
    'late/2.txt': integers.map((n) => `${n === FLOAT_AT ? 0.5 : n}\n`).join(''),
    'nulls/1.txt': `${'null\n'.repeat(12_000)}${integers
      .slice(0, 1000)
      .map((n) => `${n}\n`)
      .join('')}`,
    'nulls/2.txt': 'null\n'.repeat(3000),
    'kinds.txt': integers
      .slice(0, 1000)
      .map((n) => `${n}\n`)
      .join(''),
    'own/1.txt': padded(integers.slice(0, 5000)),
    'own/2.txt': padded(integers.slice(5000, 10_000)),
    'own/3.txt': padded(integers.slice(10_000, 15_000)),
    'mixed/one.txt': `${integers
      .slice(0, 500)
      .map((n) => `${n}\n`)
      .join('')}text\n`,
    'two/1.txt': '1234567890\n'.repeat(10_000),
    'two/2.txt': `${elsewhere(1234567890)}\n`.repeat(10_000),
    'keys.jsonl': '{"a":1,"b":"x"}\n{"b":"y"}\n{"a":null,"c":true}\n{}\n{"a":2.5,"b":null,"c":false,"d":"late"}\n',
    'lists.jsonl': '{"n":1,"tags":["a",null],"at":{"x":1}}\n{"n":2,"tags":[],"at":{"y":[{"z":2.5}]}}\n{"n":3}\n',
    'nested.jsonl': '{"a":1}\n{"a":{"b":2}}\n',
  })
})

const numbers = (name: string): Flow<{ n: number | null; text: string }> =>
  flow(STAGES)
    .read(lines(`${folder}/${name}`))
    .map(toNumber)

describe('a column has one type, whenever its values come', () => {
  test(`a float that first appears in row ${FLOAT_AT} of the second worker is the float`, async () => {
    for (const way of defaultWays.filter(({ workers }) => workers === 0 || workers === 2)) {
      const job = numbers('late/*.txt').groupBy('n', (a) => ({ rows: a.count() }))
      const rows = await rowsOf(job, way.options)
      assert.equal(rows.length, INTEGERS + 1, way.name)
      assert.deepEqual(
        rows.filter(({ n }) => n === 0.5 || n === FLOAT_AT).sort((a, b) => (a.n ?? 0) - (b.n ?? 0)),
        [
          { n: 0.5, rows: 1 },
          { n: FLOAT_AT, rows: 1 },
        ],
      )
    }
  })

  test('nulls alone in the first batches, or in all of one worker, are nulls of the column', async () => {
    for (const way of ways) {
      const rows = await rowsOf(numbers('nulls/*.txt').exchange.hash('text').sort('n'), way.options)
      assert.deepEqual([rows.length, rows[0]?.n, rows[999]?.n], [16_000, 0, 999], way.name)
      assert.ok(rows.slice(1000).every(({ n }) => n === null))
    }
  })

  test('every kind of value comes as it went, unicode and NUL too', async () => {
    const expected = Array.from({ length: 1000 }, (_none, n) => kinds({ text: String(n), file: '', offset: 0 }))
    for (const way of ways) {
      const job = flow(STAGES)
        .read(lines(`${folder}/kinds.txt`))
        .map(kinds) as AnyFlow
      assert.deepEqual(await rowsOf(job.sort('n'), way.options), expected, way.name)
      assert.deepEqual(sorted(await rowsOf(job.exchange.hash('no').exchange.hash('date'), way.options)), sorted(expected))
    }
  })

  test('bytes, lists and objects come as they went, with bytes as the key of an exchange', async () => {
    const expected = Array.from({ length: 1000 }, (_none, n) => nestedKinds({ text: String(n), file: '', offset: 0 }))
    for (const way of ways) {
      const job = flow(STAGES)
        .read(lines(`${folder}/kinds.txt`))
        .map(nestedKinds) as AnyFlow
      assert.deepEqual(await rowsOf(job.exchange.hash('raw').exchange.roundRobin().sort('n'), way.options), expected, way.name)
      const groups = await rowsOf(job.groupBy('raw', (a) => ({ n: a.min('n') })).sort('raw'), way.options)
      assert.deepEqual(
        groups.map(({ raw }) => raw),
        (expected as { raw: Uint8Array }[]).map(({ raw }) => raw).sort(Buffer.compare),
        way.name,
      )
    }
  })

  test('columns that one worker alone brings are null in the rows of the others', async () => {
    for (const way of defaultWays) {
      const job = flow(STAGES)
        .read(lines(`${folder}/own/*.txt`))
        .map(ownColumns) as AnyFlow
      const rows = (await rowsOf(job.sort('n'), way.options)) as AnyRow[]
      assert.deepEqual(
        rows.map((row) => row.n),
        Array.from({ length: 15_000 }, (_none, n) => n),
      )
      for (const row of rows) assert.equal(Object.values(row).filter((value) => value === true).length, 1, way.name)
    }
  })
})

describe('two types in one column are an error that names column and stage', () => {
  const mixed = (name: string): Flow<{ key: string; mixed: number | string }> =>
    flow(STAGES)
      .read(lines(`${folder}/${name}`))
      .map(toMixed)

  const SHAPES: Record<string, (name: string) => AnyFlow> = {
    'on the way to the leader': (name) => mixed(name),
    'in a hash exchange': (name) => mixed(name).exchange.hash('key'),
    'in a hash exchange where they go to different workers': (name) => mixed(name).exchange.hash('mixed').groupBy('key') as AnyFlow,
    'in an ordered merge': (name) => mixed(name).sort('key'),
  }

  for (const [where, shape] of Object.entries(SHAPES)) {
    test(`${where}, within one worker`, async () => {
      for (const way of defaultWays) {
        const error = await errorOf(rowsOf(shape('mixed/one.txt'), way.options))
        assert.equal(error.code, 'ColumnType', `${way.name}: ${error.stack}`)
        assert.match(error.message, /stage 0.*"mixed"/s)
      }
    })

    test(`${where}, between two workers`, async () => {
      for (const way of defaultWays) {
        const error = await errorOf(rowsOf(shape('two/*.txt'), way.options))
        assert.equal(error.code, 'ColumnType', `${way.name}: ${error.stack}`)
        assert.match(error.message, /stage [01].*column "mixed"/)
      }
    })
  }
})

test('two types inside the lists of one column are an error that names where, also of workers whose rows never meet', async () => {
  for (const way of defaultWays) {
    const job = flow(STAGES)
      .read(lines(`${folder}/two/*.txt`))
      .map(toMixedInside) as AnyFlow
    for (const each of [job, job.exchange.roundRobin().distinct()]) {
      const error = await errorOf(rowsOf(each, way.options))
      assert.equal(error.code, 'ColumnType', `${way.name}: ${error.stack}`)
      assert.match(error.message, /stage \d.*column "mixed\.list\[\]"/)
    }
  }
})

describe('rows of jsonl with missing and extra keys', () => {
  const read = (name: string): AnyFlow => flow(STAGES).read(jsonl<AnyRow>(`${folder}/${name}`)) as AnyFlow

  test('behind an exchange a missing key is null, and an extra key a column', async () => {
    for (const way of defaultWays) {
      assert.deepEqual(
        sorted(await rowsOf(read('keys.jsonl').exchange.hash('a'), { ...way.options })).map((row) => ({
          a: null,
          b: null,
          c: null,
          d: null,
          ...row,
        })),
        sorted([
          { a: 1, b: 'x', c: null, d: null },
          { a: null, b: 'y', c: null, d: null },
          { a: null, b: null, c: true, d: null },
          { a: null, b: null, c: null, d: null },
          { a: 2.5, b: null, c: false, d: 'late' },
        ]),
        way.name,
      )
      assert.deepEqual(
        sorted(
          await rowsOf(
            read('keys.jsonl').groupBy('c', (a) => ({ rows: a.count() })),
            way.options,
          ),
        ),
        [
          { c: false, rows: 1 },
          { c: null, rows: 3 },
          { c: true, rows: 1 },
        ],
      )
    }
  })

  test('lists and objects of jsonl travel; as the key of an exchange they are an error, for any number of workers', async () => {
    for (const way of defaultWays) {
      const rows = await rowsOf(read('lists.jsonl').sort('n'), way.options)
      // A row that went on before another had more of an object lacks that.
      const whole = rows.map(({ at, ...row }) => ({ ...row, at: at && { x: null, y: null, ...(at as object) } }))
      assert.deepEqual(whole, [
        { n: 1, tags: ['a', null], at: { x: 1, y: null } },
        { n: 2, tags: [], at: { x: null, y: [{ z: 2.5 }] } },
        { n: 3, tags: null, at: null },
      ])
      const error = await errorOf(rowsOf(read('lists.jsonl').exchange.hash('tags'), way.options))
      assert.equal(error.code, 'ColumnType')
      assert.match(error.message, /^stage 0: the key "tags" is an array; use .* map it to text/, way.name)
    }
  })

  test('a value that no column can hold, or not beside the others, is an error that names it', async () => {
    for (const way of defaultWays) {
      const error = await errorOf(rowsOf(read('nested.jsonl'), way.options))
      assert.equal(error.code, 'ColumnType')
      assert.match(error.message, /stage 0.*row 2.*"a"/s)
    }
  })
})
