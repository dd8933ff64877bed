import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { type Flow, flow, jsonl, type LogRecord, parquet } from 'millrace/flow'
import * as stages from './stages/failing.js'
import { errorOf, LINKED, rowsOf, start, temporaryFolder, useWays, writeFiles } from './support.js'

const STAGES = new URL('./stages/failing.js', import.meta.url)
const ROWS = 6000
const AT = 5000
const RUNS = process.env.MILLRACE_FULL === '1' ? 50 : 18

type Row = { id: number }

const folder = temporaryFolder()
const { ways } = useWays(undefined, LINKED)
const defaultWays = ways.filter(({ options }) => options.ringBytes === undefined)
let offsetOfAt = 0

before(async () => {
  const texts = Array.from({ length: ROWS }, (_none, id) => `{"id":${id}}\n`)
  offsetOfAt = texts.slice(0, AT).join('').length
  await writeFiles(folder, { 'rows.jsonl': texts.join(''), 'bad.jsonl': '{"id":1}\n{"id":2}\n{"id":\n{"id":4}\n', 'no.parquet': 'not one' })
})

const read = (name = 'rows.jsonl'): Flow<Row> => flow(STAGES).read(jsonl<Row>(`${folder}/${name}`))
const params = { at: AT }

/** What throws, by itself and in every position of a flow. */
const THROWERS: Record<string, (job: Flow<Row>) => Flow<Row>> = {
  mapThrows: (job) => job.map(stages.mapThrows, { params }),
  filterThrows: (job) => job.filter(stages.filterThrows, { params }),
  flatMapThrows: (job) => job.flatMap(stages.flatMapThrows, { params }),
  generatorThrows: (job) => job.flatMap(stages.generatorThrows, { params }),
  finallyThrows: (job) => job.flatMap(stages.finallyThrows, { params }),
}
const POSITIONS: Record<string, (job: Flow<Row>, thrower: (job: Flow<Row>) => Flow<Row>) => Flow<Row>> = {
  'before an exchange': (job, thrower) => thrower(job).exchange.hash('id'),
  'behind a hash exchange': (job, thrower) => thrower(job.exchange.hash('id')),
  'behind an ordered merge': (job, thrower) => thrower(job.sort('id')),
}

describe('a stage that throws fails the run with that very error', () => {
  for (const [where, position] of Object.entries(POSITIONS)) {
    test(`${where}, with stage, and file and offset where there are some`, async () => {
      for (const [name, thrower] of Object.entries(THROWERS)) {
        for (const way of name === 'mapThrows' ? ways : defaultWays) {
          const error = await errorOf(rowsOf(position(read(), thrower), way.options))
          assert.ok(error instanceof Error, way.name)
          assert.equal(error.name, 'MillError', `${way.name} ${name}: ${error.stack}`)
          assert.equal(error.message, `row ${AT}`)
          assert.equal(error.code, 'E_MILL')
          assert.deepEqual(error.details, { id: AT })
          assert.ok(error.cause instanceof RangeError && error.cause.message === 'the root of it')
          assert.match(String(error.stack), new RegExp(name))
          assert.equal(error.stage, name)
          const place = where === 'before an exchange' ? [`${folder}/rows.jsonl`, offsetOfAt] : [undefined, undefined]
          assert.deepEqual([error.file, error.offset], place, way.name)
        }
      }
    })
  }

  test('also from setup, thrown or rejected', async () => {
    for (const way of defaultWays) {
      for (const position of Object.values(POSITIONS)) {
        for (const [setup, id] of [
          [stages.setupThrows, -1],
          [stages.setupRejects, -2],
        ] as const) {
          const error = await errorOf(
            rowsOf(
              position(read(), (job) => job.map(stages.withState, { setup })),
              way.options,
            ),
          )
          assert.deepEqual([error.name, error.details, error.stage], ['MillError', { id }, 'withState'], `${way.name}: ${error.stack}`)
        }
      }
    }
  })

  test('what is thrown and no error is the cause of one', async () => {
    for (const way of defaultWays) {
      for (const [fn, cause] of [
        [stages.throwsText, 'text of 0'],
        [stages.throwsNull, null],
        [stages.throwsObject, { reason: 'an object' }],
      ] as const) {
        const error = await errorOf(rowsOf(read().sort('id').limit(1).map(fn), way.options))
        assert.deepEqual([error.code, error.stage, error.cause], ['StageThrew', fn.name, cause], way.name)
      }
      const frozen = await errorOf(rowsOf(read().map(stages.throwsFrozen), way.options))
      assert.deepEqual([frozen.code, frozen.stage, (frozen.cause as Error).message], ['StageThrew', 'throwsFrozen', 'frozen'], way.name)
    }
  })

  test('an error that is too large for a frame is cut, and is still that error', async () => {
    for (const way of ways) {
      const error = await errorOf(rowsOf(read().map(stages.throwsHuge), way.options))
      assert.equal(error.name, 'Error', way.name)
      assert.match(error.message, /^x{100}/)
    }
  })

  test('the root is told, never what follows from it, in each of many runs', async () => {
    for (let run = 0; run < RUNS; run++) {
      const way = ways[run % ways.length]!
      const job = read()
        .map(stages.mapThrows, { params: { at: (run * 397) % ROWS } })
        .exchange.hash('id')
        .flatMap(stages.everyTen)
        .groupBy('id', (a) => ({ n: a.count() }))
        .sort('n', 'id')
      const error = await errorOf(rowsOf(job, way.options))
      assert.deepEqual([error.name, error.stage], ['MillError', 'mapThrows'], `run ${run}, ${way.name}: ${error.stack}`)
    }
  })
})

describe('other errors name their place', () => {
  test('a result that is no row', async () => {
    for (const way of defaultWays) {
      const scalar = await errorOf(rowsOf(read().map(stages.returnsScalar), way.options))
      assert.deepEqual([scalar.code, scalar.stage], ['StageResult', 'returnsScalar'])
      const promise = await errorOf(rowsOf(read().map(stages.returnsPromise as (row: Row) => object), way.options))
      assert.deepEqual([promise.code, promise.stage], ['StageAsync', 'returnsPromise'])
    }
  })

  test('a log that cannot be sent, at the row that logs it', async () => {
    for (const way of defaultWays) {
      const error = await errorOf(rowsOf(read().map(stages.logsFunction), way.options))
      assert.deepEqual([error.code, error.stage], ['NotCloneable', 'logsFunction'], way.name)
    }
  })

  test('what onLog throws', async () => {
    const told: LogRecord[] = []
    for (const way of defaultWays) {
      const onLog = (record: LogRecord): void => {
        told.push(record)
        throw new MillStop()
      }
      const job = read().map(logsEach)
      const error = await errorOf(rowsOf(job, { ...way.options, onLog }))
      assert.equal(error.name, 'MillStop', way.name)
    }
    assert.ok(told.length >= defaultWays.length)
  })

  test('a file that is missing, a pattern without files, a line that is not JSON, a file of another format', async () => {
    for (const way of defaultWays) {
      const missing = await errorOf(rowsOf(read('none.jsonl'), way.options))
      assert.equal(missing.code, 'SourceMissing', way.name)
      assert.match(missing.message, /none\.jsonl/)
      const none = await errorOf(rowsOf(read('none*.jsonl').exchange.hash('id').sort('id'), way.options))
      assert.equal(none.code, 'SourceMissing', way.name)
      const bad = await errorOf(rowsOf(read('bad.jsonl').sort('id'), way.options))
      assert.deepEqual([bad.code, bad.file, bad.offset], ['SourceLine', `${folder}/bad.jsonl`, 18], `${way.name}: ${bad.stack}`)
      const format = await errorOf(rowsOf(flow(STAGES).read(parquet(`${folder}/no.parquet`)), way.options))
      assert.equal(format.code, 'SourceRead', way.name)
      assert.match(format.message, /no\.parquet/)
    }
  })

  test('functions that a worker does not find, or finds changed', async () => {
    for (const way of defaultWays) {
      const hidden = await errorOf(rowsOf(read().exchange.hash('id').map(notExported), way.options))
      assert.equal(hidden.code, 'StageNotExported', way.name)
      assert.match(hidden.message, /notExported.*export/s)
      const { changed } = { changed: (row: Row): Row => ({ id: row.id + 1 }) }
      const other = await errorOf(rowsOf(read().map(changed), way.options))
      assert.equal(other.code, 'StageChanged', way.name)
      assert.match(other.message, /changed/)
      const module = await errorOf(
        rowsOf(flow(new URL('./stages/none.js', import.meta.url)).read(jsonl<Row>(`${folder}/rows.jsonl`)), way.options),
      )
      assert.equal(module.code, 'ERR_MODULE_NOT_FOUND', way.name)
    }
    assert.throws(
      () => read().map(((row: Row) => row) as (row: Row) => Row),
      (error: { code?: string; message: string }) => error.code === 'StageAnonymous' && /operator 1 \(map\)/.test(error.message),
    )
  })
})

class MillStop extends Error {
  override readonly name = 'MillStop'
}

const notExported = function notExported(row: Row): Row {
  return row
}
const { logsEach } = stages

test('rows that came before an error are given, and nothing after it', async () => {
  for (const way of defaultWays) {
    const run = start(read().map(stages.mapThrows, { params }), way.options)
    const seen: number[] = []
    const error = await errorOf(
      (async () => {
        for await (const row of run) seen.push(row.id)
      })(),
    )
    assert.equal(error.name, 'MillError')
    assert.ok(!seen.includes(AT))
    assert.equal((await errorOf(run.collect())).code, 'InvalidArgument', 'a run gives its rows once')
  }
})
