import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import type { Api } from '../../src/call/api.js'
import type { Connection } from '../../src/call/connect.js'
import { CancelledError, MillraceError } from '../../src/index.js'
import {
  activeResources,
  assertNoLeaks,
  assertReleased,
  CONFIGURATIONS,
  collect,
  connectAs,
  failure,
  nameOf,
  until,
} from '../support/connections.js'

type Worker = typeof import('./handlers.worker.js')
type WorkerApi = Api<Worker['default']>

const URL_OF_WORKER = new URL('./handlers.worker.js', import.meta.url)

for (const options of CONFIGURATIONS) {
  describe(`calls with ${nameOf(options)}`, () => {
    let resources: string[]
    let connection: Connection<Worker['default']>
    let api: WorkerApi
    /** Over all workers: asked all at once, each answers, the least busy first. */
    const happened = async (what: string): Promise<number> => {
      const answers = new Map<number, number>()
      while (answers.size < Math.max(1, options.workers)) {
        const asked = Array.from({ length: 2 * options.workers + 1 }, () => api.happened({ what }))
        for (const { worker, count } of await Promise.all(asked)) answers.set(worker, count)
      }
      return [...answers.values()].reduce((sum, count) => sum + count)
    }

    before(async () => {
      resources = activeResources()
      connection = await connectAs<Worker>(URL_OF_WORKER, options)
      api = connection.api
    })
    afterEach(async () => assertNoLeaks(connection))
    after(async () => {
      await connection.close()
      await assertReleased(resources)
    })

    test('a stream gives all its values in order, then ends for good', async () => {
      for (const make of [() => api.count({ to: 3000 }), () => api.countSlowly({ to: 40 }), () => api.marked({ to: 100 })]) {
        const stream = make()
        const values = await collect(stream)
        assert.deepEqual(values, [...values.keys()])
        assert.ok([3000, 40, 100].includes(values.length))
        assert.deepEqual(await stream.next(), { value: undefined, done: true })
        assert.deepEqual(await stream.return(), { value: undefined, done: true })
      }
      assert.deepEqual(await collect(api.nothing()), [])
    })

    test('every kind of value arrives as it was, from generators and value calls', async () => {
      const values = (await collect(api.values())) as unknown[]
      const slowly = (await collect(api.valuesSlowly())) as unknown[]
      assert.deepEqual(slowly, values)
      for (const [at, value] of values.entries()) assert.deepEqual(await api.value({ at }), value)
      for (const value of values) assert.deepEqual(await api.echo(value), value)
      assert.deepEqual(values.slice(0, 4), [undefined, null, 0, -0])
      assert.ok(Object.is(values[3], -0) && Number.isNaN(values[4]))
      assert.equal(values[7], 2n ** 70n)
      assert.equal(values[13], '\ud800 alone')
      assert.equal((values[15] as string).length, 0x4001)
      assert.ok(values[16] instanceof Date && values[17] instanceof Map)
      assert.deepEqual(Buffer.from(values[24] as Uint8Array).toString(), 'buffer')
      assert.deepEqual(values[26], Uint8Array.of(2, 3, 4))
    })

    test('a value changed after it was yielded arrives as it was when yielded', async () => {
      const values = (await collect(api.mutated())) as unknown[]
      for (let n = 0; n < 50; n++) {
        assert.deepEqual(values[2 * n], { n })
        assert.deepEqual(values[2 * n + 1], new Uint8Array(8).fill(n))
      }
      const large = await collect(api.mutatedLarge())
      for (const [n, bytes] of large.entries()) assert.ok(bytes.length === 300_000 && bytes.every((byte) => byte === n))
    })

    test('what a receiver does with one value changes no other', async () => {
      const seen: Uint8Array[] = []
      for await (const value of api.blocks({ blocks: 20, bytes: 24 })) {
        seen.push(value.slice())
        value.fill(255)
      }
      for (const [n, bytes] of seen.entries()) assert.deepEqual(bytes, new Uint8Array(24).fill(n))
    })

    test('megabytes pass in both directions', async () => {
      let total = 0
      for await (const block of api.blocks({ blocks: 40, bytes: 100_003 })) {
        assert.equal(block[0], block[block.length - 1])
        total += block.length
      }
      assert.equal(total, 4_000_120)
      const input = new Uint8Array(5_000_001).fill(3)
      input[0] = 1
      assert.deepEqual(await api.sizeOf(input), { length: 5_000_001, first: 1, last: 3 })
      const result = await api.bytes({ length: 9_000_000, fill: 4 })
      assert.ok(result.length === 9_000_000 && result[0] === 4 && result[8_999_999] === 4)
      assert.equal(((await api.echo('é'.repeat(1_000_000))) as string).length, 1_000_000)
    })

    test('inputs of every size around the largest frame arrive whole', async () => {
      const around = [0, 1, 400, 470, 480, 488, 490, 496, 504, 505, 512, 513, 1000, 65_500, 65_536, 65_537, 131_072]
      await Promise.all(
        around.map(async (length) => {
          const bytes = new Uint8Array(length).fill(length)
          assert.deepEqual(await api.echo(bytes), bytes)
        }),
      )
    })

    test('a stream that is made and dropped never runs, also with a signal', async () => {
      const begun = await happened('count begun')
      const { signal } = new AbortController()
      for (let n = 0; n < 100; n++) api.count({}, { signal })
      await api.echo(1)
      assert.equal(await happened('count begun'), begun)
      const unread = api.count({})
      assert.deepEqual(await unread.return(), { value: undefined, done: true })
      assert.deepEqual(await unread.next(), { value: undefined, done: true })
      assert.equal(await happened('count begun'), begun)
    })

    for (const name of ['count', 'countSlowly'] as const) {
      test(`leaving the loop over ${name} runs its finally`, async () => {
        const ended = await happened(`${name} finally`)
        assert.deepEqual(await collect(api[name]({}), 5), [0, 1, 2, 3, 4])
        await assert.rejects(async () => {
          for await (const _ of api[name]({})) throw new RangeError('mine')
        }, /mine/)
        const stream = api[name]({})
        await stream.next()
        assert.deepEqual(await stream.return(), { value: undefined, done: true })
        assert.deepEqual(await stream.next(), { value: undefined, done: true })
        const thrown = api[name]({})
        await thrown.next()
        await assert.rejects(thrown.throw(new RangeError('thrown in')), /thrown in/)
        assert.deepEqual(await thrown.next(), { value: undefined, done: true })
        const disposed = api[name]({})
        await disposed.next()
        await disposed[Symbol.asyncDispose]()
        await until(async () => (await happened(`${name} finally`)) === ended + 5, 'a finally block did not run')
      })
    }

    test('a next that waits ends when the stream is returned', async () => {
      const stream = api.untilAborted()
      await stream.next()
      const waiting = stream.next()
      await stream.return()
      assert.deepEqual(await waiting, { value: undefined, done: true })
    })

    test('return before the first next was answered stops the stream', async () => {
      const stream = api.count({})
      const first = stream.next()
      const second = stream.next()
      await stream.return()
      assert.equal((await first).done, true)
      assert.equal((await second).done, true)
    })

    test('several nexts at once are answered in order', async () => {
      const stream = api.countSlowly({ to: 6 })
      const results = await Promise.all(Array.from({ length: 8 }, () => stream.next()))
      assert.deepEqual(
        results.map(({ value, done }) => (done ? 'done' : value)),
        [0, 1, 2, 3, 4, 5, 'done', 'done'],
      )
    })

    test('an iterator that waits for ever is returned to when its caller leaves', async () => {
      const returned = await happened('waiting returned')
      const begun = await happened('waiting begun')
      const stream = api.waiting()
      const next = stream.next()
      await until(async () => (await happened('waiting begun')) > begun, 'it did not begin')
      await stream.return()
      assert.deepEqual(await next, { value: undefined, done: true })
      await until(async () => (await happened('waiting returned')) > returned, 'the iterator was not returned to')
    })

    test('a handler that throws when it is left harms nobody', async () => {
      const before = await happened('throwsInFinally')
      assert.deepEqual(await collect(api.throwsInFinally(), 2), [1, 1])
      await until(async () => (await happened('throwsInFinally')) > before, 'finally did not run')
      assert.equal(await api.echo(1), 1)
    })

    test('a signal that is aborted already stops everything before it begins', async () => {
      const signal = AbortSignal.abort('too late')
      const begun = await happened('count begun')
      for (const promise of [api.count({}, { signal }).next(), api.echo(1, { signal }), api.waits(undefined, { signal })]) {
        const error = await failure(promise)
        assert.ok(error instanceof CancelledError)
        assert.equal(error.cause, 'too late')
      }
      assert.equal(await happened('count begun'), begun)
    })

    test('a signal that aborts right after the call, or during it, cancels it', async () => {
      const seen = await happened('waits aborted')
      const begun = await happened('waits begun')
      const first = new AbortController()
      const early = api.waits(undefined, { signal: first.signal })
      first.abort('at once')
      assert.equal((await failure(early)).cause, 'at once')
      const second = new AbortController()
      const late = api.waits(undefined, { signal: second.signal })
      await until(async () => (await happened('waits begun')) > begun, 'it did not begin')
      second.abort('later')
      const error = await failure(late)
      assert.ok(error instanceof CancelledError)
      assert.equal(error.cause, 'later')
      await until(async () => (await happened('waits aborted')) > seen, 'the handler was not told')
    })

    test('a signal that aborts a stream fails the waiting and every later next', async () => {
      const controller = new AbortController()
      const stream = api.untilAborted(undefined, { signal: controller.signal })
      const seen = await happened('untilAborted')
      assert.deepEqual(await stream.next(), { value: 'begun', done: false })
      const waiting = stream.next()
      controller.abort('enough')
      for (const promise of [waiting, stream.next(), stream.next()]) {
        const error = await failure(promise)
        assert.ok(error instanceof CancelledError)
        assert.equal(error.cause, 'enough')
      }
      await until(async () => (await happened('untilAborted')) > seen, 'ctx.signal was not aborted')
    })

    test('a signal has no listener before a stream begins, and none after it ended', async () => {
      const { signal, listeners } = countingSignal()
      const streams = Array.from({ length: 5 }, () => api.count({ to: 2 }, { signal }))
      assert.equal(listeners(), 0)
      for (const stream of streams) await collect(stream)
      await api.echo(1, { signal })
      await failure(api.fails({ kind: 'x' }, { signal }))
      await collect(api.count({}, { signal }), 1)
      assert.equal(listeners(), 0)
    })

    test('errors arrive as themselves, after all values that came before', async () => {
      for (const make of [api.throwsAfter, api.throwsAfterSlowly]) {
        for (const values of [0, 1, 7, 3000]) {
          const got: number[] = []
          const read = async () => {
            for await (const value of make({ values, kind: 'own' })) got.push(value)
          }
          const error = await failure(read())
          assert.equal(got.length, values)
          assert.equal(error.name, 'Refusal')
          assert.equal(error.message, 'refused')
          assert.equal(error.code, 'E_REFUSED')
          // The largest frame of the smallest rings has no room for more.
          if (options.ringBytes !== undefined) continue
          assert.deepEqual(error.detail, { at: 3 })
          assert.match(String(error.stack), /handlers\.worker/)
        }
      }
    })

    test('errors of value calls keep class, cause and code', async () => {
      for (const call of [api.fails, api.failsLater]) {
        const type = await failure(call({ kind: 'type' }))
        assert.ok(type instanceof TypeError)
        assert.equal(type.message, 'of the wrong type')
        if (options.ringBytes !== undefined) continue
        assert.equal((type.cause as Error).message, 'deeper')
        assert.equal((type.cause as Error).cause, 'deepest')
        const aggregate = await failure(call({ kind: 'aggregate' }))
        assert.ok(aggregate instanceof AggregateError && aggregate.errors[0] instanceof RangeError)
        assert.equal(aggregate.errors[1], 'second')
        const ours = await failure(call({ kind: 'millrace' }))
        assert.ok(ours instanceof MillraceError && ours.code === 'InvalidArgument')
        assert.equal((await failure(call({ kind: 'abort' }))).name, 'AbortError')
        await assert.rejects(call({ kind: 'string' }), (thrown) => thrown === 'only text')
        await assert.rejects(call({ kind: 'undefined' }), (thrown) => thrown === undefined)
      }
      assert.ok((await failure(collect(api.markedThrows()))) instanceof TypeError)
    })

    test('a value that cannot be cloned fails that stream alone, after the values before it', async () => {
      const ended = await happened('functions finally')
      for (const before of [0, 1, 100]) {
        const other = api.count({ to: 50 })
        await other.next()
        const got: unknown[] = []
        const read = async () => {
          for await (const value of api.functions({ before })) got.push(value)
        }
        assert.equal((await failure(read())).code, 'NotCloneable')
        assert.equal(got.length, before)
        assert.equal((await collect(other)).length, 49)
      }
      await until(async () => (await happened('functions finally')) === ended + 3, 'the generator was not ended')
      assert.equal((await failure(api.givesFunction())).code, 'NotCloneable')
      assert.equal((await failure(api.echo(() => 1))).code, 'NotCloneable')
      assert.equal((await failure(api.count((() => 1) as never).next())).code, 'NotCloneable')
    })

    test('iterables from functions that are not marked name the cure', async () => {
      for (const call of [api.givesIterator, api.givesGenerator]) {
        const error = await failure(call())
        assert.equal(error.code, 'NotMarkedStream')
        assert.match(error.message, /stream\(/)
      }
      for (const call of [api.givesIterator, api.givesGenerator, api.echo as () => Promise<unknown>]) {
        const error = await failure(collect(call() as never))
        assert.equal(error.code, 'NotMarkedStream')
        assert.match(error.message, /stream\(/)
      }
      assert.equal((await failure(collect(api.markedNothing() as never))).code, 'NotIterable')
      assert.deepEqual(
        await collect((api as unknown as Record<string, (input: unknown) => AsyncIterable<number>>).markedArray({ to: 3 })),
        [0, 1, 2],
      )
    })

    test('a producer stops when its reader does', async () => {
      const before = await happened('produced')
      const stream = api.produced({ bytes: 10_000 })
      for (let n = 0; n < 3; n++) await stream.next()
      let last = 0
      await until(async () => {
        const now = await happened('produced')
        const stopped = now === last
        last = now
        return stopped
      }, 'it goes on')
      assert.ok(last - before <= 100, `${last - before} blocks for a reader of 3`)
      await stream.return()
    })

    test('calls and streams that begin together are spread over all workers', async () => {
      const wanted = Math.max(1, options.workers)
      const workers = await Promise.all(Array.from({ length: 2 * wanted }, () => api.worker()))
      assert.equal(new Set(workers).size, wanted)
      const streams = Array.from({ length: 2 * wanted }, () => api.workers())
      const seen = await Promise.all(streams.map(async (stream) => (await stream.next()).value))
      assert.equal(new Set(seen).size, wanted)
      await Promise.all(streams.map((stream) => stream.return()))
    })

    test('many streams and calls at once each get their own', async () => {
      const streams = Array.from({ length: 40 }, async (_, from) => {
        const values = await collect(api.count({ from: from * 1000, to: from * 1000 + 300 }))
        assert.deepEqual(
          values,
          Array.from({ length: 300 }, (_none, n) => from * 1000 + n),
        )
      })
      const calls = Array.from({ length: 200 }, async (_, n) => assert.equal(await api.later(n), n))
      await Promise.all([...streams, ...calls])
    })

    test('calls with large inputs that are aborted at any time leave nothing', async () => {
      const input = new Uint8Array(400_000)
      for (let turns = 0; turns < 12; turns++) {
        const controller = new AbortController()
        const calls = Promise.allSettled(Array.from({ length: 3 }, () => api.echo(input, { signal: controller.signal })))
        for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
        controller.abort()
        await calls
        assert.equal(((await api.echo(input)) as Uint8Array).length, 400_000)
      }
    })

    test('streams with large inputs that are left at any time leave nothing', async () => {
      const input = { to: 5, padding: new Uint8Array(400_000) }
      for (let turns = 0; turns < 12; turns++) {
        const streams = Array.from({ length: 3 }, () => api.count(input))
        const nexts = Promise.allSettled(streams.map((stream) => stream.next()))
        for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
        await Promise.all(streams.map((stream) => stream.return()))
        await nexts
        assert.equal((await collect(api.count(input))).length, 5)
      }
    })

    if (options.workers > 0) {
      test('a synchronous loop that never yields sees the cancel', async () => {
        const seen = await happened('spin saw cancel')
        const stream = api.spin()
        await stream.next()
        await stream.return()
        await until(async () => (await happened('spin saw cancel')) > seen, 'the loop spins on')
        const controller = new AbortController()
        const call = api.spinValue(undefined, { signal: controller.signal })
        for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
        controller.abort()
        assert.equal((await failure(call)).code, 'Cancelled')
        const begun = await happened('spinValue begun')
        await until(async () => (await happened('spinValue saw cancel')) === begun, 'the loop spins on')
      })
    }
  })
}

/** A signal that counts its listeners. */
function countingSignal(): { signal: AbortSignal; listeners: () => number } {
  const { signal } = new AbortController()
  const present = new Set<unknown>()
  const { addEventListener, removeEventListener } = signal
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    present.add(args[1])
    addEventListener.apply(signal, args)
  }
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    present.delete(args[1])
    removeEventListener.apply(signal, args)
  }
  return { signal, listeners: () => present.size }
}
