import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { CancelledError } from 'millrace'
import { type Flow, flow, type LogRecord, lines } from 'millrace/flow'
import { leaks } from 'millrace/testing'
import type { AnyFlow } from './oracle.js'
import { costly, endless, isRare, single, slowSetup, throwsWhenStopped, waits, wide, withState } from './stages/endless.js'
import { errorOf, LINKED, rowsOf, start, temporaryFolder, useWays, type Way, writeFiles } from './support.js'

const STAGES = new URL('./stages/endless.js', import.meta.url)
type Counted = { n: number; worker: number }
type Stopped = { made: number; cancelled: boolean; aborted: boolean; text: string }

const folder = temporaryFolder()
const { ways } = useWays(undefined, LINKED)
const defaultWays = ways.filter(({ options }) => options.ringBytes === undefined)

before(async () => {
  // As many splits as there are workers, so that all of them have something that does not end.
  await writeFiles(folder, Object.fromEntries([0, 1, 2, 3].map((index) => [`${index}.txt`, `start ${index}\n`.padEnd(66_000, ' ')])))
  await writeFiles(folder, { 'wait/a.txt': `begin\n${'work\n'.repeat(500)}wait\n` })
})

const numbers = (): Flow<Counted> =>
  flow(STAGES)
    .read(lines(`${folder}/*.txt`))
    .flatMap(endless)

/** Collects what the generators log when they stop. */
function logs(): { onLog: (record: LogRecord) => void; records: LogRecord[]; stopped: () => Stopped[] } {
  const records: LogRecord[] = []
  return {
    records,
    onLog: (record) => records.push(record),
    stopped: () => records.map(({ object }) => object as Stopped).filter(({ made }) => made !== undefined),
  }
}

/** All generators that began have stopped; returns the rows they made. */
function madeOf(stopped: readonly Stopped[], way: Way): number {
  assert.ok(stopped.length >= 1, `${way.name}: nobody stopped`)
  return stopped.reduce((sum, { made }) => sum + made, 0)
}

describe('a limit over rows without end ends', () => {
  const SHAPES: Record<string, (job: Flow<Counted>) => AnyFlow> = {
    'at once': (job) => job.limit(10),
    'behind a map': (job) => job.map(single).limit(10),
    'behind a hash exchange': (job) => job.exchange.hash('n').limit(10),
    'behind two': (job) => job.exchange.hash('n').filter(isRare).exchange.hash('worker').limit(10),
    'in the middle': (job) => job.limit(1000).exchange.hash('n').limit(10),
    'and a groupBy behind it': (job) => job.limit(1000).groupBy('n').limit(10),
    'and an order behind it': (job) => job.exchange.hash('n').limit(1000).sort('n').limit(10),
    'behind a join': (job) => job.join(numbers().limit(5), { on: 'worker', suffix: '_r' }).limit(10),
    'behind a join by broadcast': (job) => job.join(numbers().limit(5), { on: 'worker', suffix: '_r', exchange: 'broadcast' }).limit(10),
    'in the right side of a join': (job) => job.limit(100).join(numbers().limit(5), { on: 'n', kind: 'anti' }).limit(10),
    'of a union': (job) => job.union(numbers()).limit(10),
    'of what is new': (job) => job.distinct().limit(10),
    'of none': (job) => job.exchange.hash('n').limit(0),
  }
  for (const [where, shape] of Object.entries(SHAPES)) {
    test(where, async () => {
      for (const way of ways) {
        const { onLog, stopped } = logs()
        const rows = await rowsOf(shape(numbers()), { ...way.options, onLog })
        assert.equal(rows.length, where === 'of none' ? 0 : 10, way.name)
        if (where !== 'of none') madeOf(stopped(), way)
      }
    })
  }
})

test('an inner join whose right side is empty stops what feeds its left side, which has no end', async () => {
  for (const exchange of ['hash', 'broadcast'] as const) {
    for (const way of ways)
      assert.deepEqual(await rowsOf(numbers().join(numbers().limit(0), { on: 'n', suffix: '_r', exchange }), way.options), [])
  }
})

describe('the farthest source', () => {
  test('sees the CANCEL of a limit behind a hash exchange, and made little more than was wanted', async () => {
    for (const way of ways) {
      const { onLog, stopped } = logs()
      const run = start(numbers().filter(isRare).map(costly).exchange.hash('n').limit(10), { ...way.options, onLog })
      assert.equal((await run.collect()).length, 10)
      const made = madeOf(stopped(), way)
      for (const each of stopped()) assert.ok(each.cancelled || each.aborted, `${way.name}: nobody told the source`)
      // Ten rows cost 430. In one thread a CANCEL travels in a few turns of a millisecond, that is ten costly rows, each; between
      // threads it takes as long as a busy machine makes it take: a tenth of a second is allowed.
      const most = way.workers === 0 ? 430 * 20 : 43 * 1000 * way.workers
      assert.ok(made <= most, `${way.name}: ${made} rows made`)
    }
  })

  test('maps at most twice the rows that a plain program would, where nobody holds it up', async () => {
    for (const way of ways.filter(({ workers }) => workers === 0)) {
      const { onLog, stopped } = logs()
      await rowsOf(numbers().map(costly).filter(isRare).limit(10), { ...way.options, onLog })
      assert.ok(madeOf(stopped(), way) <= 2 * 390, `${way.name}: ${madeOf(stopped(), way)} rows made`)
    }
  })
})

describe('a run stops everywhere', () => {
  const shape = (): AnyFlow => numbers().exchange.hash('n').map(costly)

  test('when its loop is left', async () => {
    for (const way of ways) {
      const { onLog, stopped } = logs()
      const run = start(shape(), { ...way.options, onLog })
      let seen = 0
      for await (const _row of run) if (++seen === 100) break
      madeOf(stopped(), way)
      assert.ok(run.stats().rowsOut >= 100)
    }
  })

  test('when its loop throws', async () => {
    for (const way of ways) {
      const { onLog, stopped } = logs()
      const error = await errorOf(
        (async () => {
          for await (const _row of start(shape(), { ...way.options, onLog })) throw new RangeError('mine')
        })(),
      )
      assert.equal(error.message, 'mine')
      madeOf(stopped(), way)
    }
  })

  test('when its signal is aborted, with the reason as the cause', async () => {
    for (const way of ways) {
      const controller = new AbortController()
      const { onLog, stopped } = logs()
      const run = start(shape(), { ...way.options, onLog, signal: controller.signal })
      const reason = new Error('enough')
      const error = await errorOf(
        (async () => {
          for await (const rows of run.batches()) if (rows.length > 0) controller.abort(reason)
        })(),
      )
      assert.ok(error instanceof CancelledError, `${way.name}: ${error.stack}`)
      assert.equal(error.cause, reason)
      madeOf(stopped(), way)
    }
  })

  test('when it is cancelled or disposed of while somebody waits for rows', async () => {
    for (const way of ways) {
      for (const stop of ['cancel', 'dispose'] as const) {
        const { onLog, stopped } = logs()
        const run = start(shape(), { ...way.options, onLog })
        const iterator = run[Symbol.asyncIterator]()
        await iterator.next()
        const end = errorOf(drainAll(iterator))
        if (stop === 'cancel') await run.cancel('why')
        else await run[Symbol.asyncDispose]()
        madeOf(stopped(), way)
        assert.ok((await end) instanceof CancelledError, way.name)
      }
    }
  })

  test('also its stages that give nothing and look whether they are still wanted', async () => {
    // In the thread of the test such a stage would hold up the test.
    for (const way of ways.filter(({ workers }) => workers > 0)) {
      const controller = new AbortController()
      const { onLog, records } = logs()
      const job = flow(STAGES)
        .read(lines(`${folder}/wait/*.txt`))
        .flatMap(waits)
      const run = start(job, {
        ...way.options,
        signal: controller.signal,
        onLog: (record) => {
          onLog(record)
          controller.abort()
        },
      })
      assert.ok((await errorOf(run.collect())) instanceof CancelledError)
      assert.ok(
        records.every(({ object }) => 'waits' in (object as object) || (object as { looks: number }).looks >= 0),
        way.name,
      )
    }
  })

  test('while a setup waits for ever', async () => {
    for (const way of defaultWays) {
      const controller = new AbortController()
      const job = numbers().map(withState, { setup: slowSetup })
      const stages: string[] = []
      const onLog = ({ stage }: LogRecord): void => {
        stages.push(stage)
        controller.abort()
      }
      assert.ok(
        (await errorOf(start(job, { ...way.options, signal: controller.signal, onLog }).collect())) instanceof CancelledError,
        way.name,
      )
      // What it logs comes at once, and not when somebody looks who stands still.
      assert.equal(stages[0], 'withState', way.name)
    }
  })

  test('while its files are looked for: that has ended too', async () => {
    await writeFiles(folder, Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`many/${index}/a.txt`, 'text\n'])))
    const many = flow(STAGES).read(lines(`${folder}/many/**/*.txt`))
    for (const way of defaultWays) {
      for (let turns = 0; turns < 30; turns++) {
        const run = start(many, way.options)
        const rows = run.collect().catch((error) => error)
        for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
        await run.cancel()
        assert.deepEqual(await leaks(run), {}, `${way.name}, cancelled after ${turns}`)
        await rows
      }
    }
  })

  test('before it began: nothing runs', async () => {
    for (const way of defaultWays) {
      const { onLog, records } = logs()
      const cancelled = start(shape(), { ...way.options, onLog })
      await cancelled.cancel('early')
      const error = await errorOf(cancelled.collect())
      assert.ok(error instanceof CancelledError && error.cause === 'early')
      const aborted = start(shape(), { ...way.options, onLog, signal: AbortSignal.abort('before') })
      const other = await errorOf(aborted.collect())
      assert.ok(other instanceof CancelledError && other.cause === 'before', `${other.stack}`)
      const late = new AbortController()
      const third = start(shape(), { ...way.options, onLog, signal: late.signal })
      const rows = errorOf(third.collect())
      late.abort()
      assert.ok((await rows) instanceof CancelledError)
      assert.deepEqual(records.filter(({ object }) => (object as Stopped).made !== undefined).slice(1), [])
    }
  })

  test('and after its end it cannot be cancelled any more', async () => {
    for (const way of defaultWays) {
      const controller = new AbortController()
      const run = start(numbers().limit(3), { ...way.options, signal: controller.signal })
      assert.equal((await run.collect()).length, 3)
      controller.abort()
      await run.cancel()
      await run[Symbol.asyncDispose]()
      assert.equal(run.stats().rowsOut, 3)
    }
  })
})

test('what a generator throws when it is stopped is dropped, whoever stops it', async () => {
  for (const way of defaultWays) {
    const job = flow(STAGES)
      .read(lines(`${folder}/*.txt`))
      .flatMap(throwsWhenStopped)
    assert.equal((await rowsOf(job.limit(10), way.options)).length, 10)
    assert.equal((await rowsOf(job.exchange.hash('n').limit(10), way.options)).length, 10)
    for await (const _row of start(job, way.options)) break
  }
})

test('a consumer that is slow keeps what waits for it small', async () => {
  for (const way of defaultWays) {
    const { onLog, stopped } = logs()
    const run = start(numbers().map(wide), { ...way.options, onLog })
    let batches = 0
    for await (const _rows of run.batches()) {
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
      if (++batches === 20) break
    }
    // Rows of a kilobyte: a window of 1 MiB, and a batch of 48 KiB in the queue and one half built, for each worker.
    const most = run.stats().rowsOut + Math.max(1, way.workers) * 1300
    assert.ok(madeOf(stopped(), way) <= most, `${way.name}: ${madeOf(stopped(), way)} rows made for ${run.stats().rowsOut}`)
  }
})

async function drainAll(iterator: AsyncIterator<unknown>): Promise<void> {
  for (let step = await iterator.next(); step.done !== true; step = await iterator.next());
}
