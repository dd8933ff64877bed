import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { ReadableStream } from 'node:stream/web'
import { after, afterEach, before, describe, test } from 'node:test'
import { decodeInput } from '../../src/call/input.js'
import { encodeValue } from '../../src/call/value-writer.js'
import { CancelledError, type Connection, PeerLostError } from '../../src/index.js'
import {
  activeResources,
  assertNoLeaks,
  assertReleased,
  CONFIGURATIONS,
  collect,
  connectAs,
  connected,
  failure,
  nameOf,
  until,
} from '../support/connections.js'

type Worker = typeof import('./inputs.worker.js')

const URL_OF_WORKER = new URL('./inputs.worker.js', import.meta.url)

/** Numbers, with what happened to their producer. */
function producer(count = Number.POSITIVE_INFINITY) {
  const seen = { pulled: 0, ended: false }
  async function* numbers(): AsyncGenerator<number> {
    try {
      for (let n = 0; n < count; n++) {
        seen.pulled++
        yield n
      }
    } finally {
      seen.ended = true
    }
  }
  return { seen, numbers: numbers() }
}

function* lines(count: number): Generator<string> {
  for (let n = 0; n < count; n++) yield `line ${n}`
}

for (const options of CONFIGURATIONS) {
  describe(`inputs that are streams, with ${nameOf(options)}`, () => {
    let resources: string[]
    let connection: Connection<Worker['default']>

    before(async () => {
      resources = activeResources()
      connection = await connectAs<Worker>(URL_OF_WORKER, options)
    })
    afterEach(async () => assertNoLeaks(connection))
    after(async () => {
      await connection.close()
      await assertReleased(resources)
    })

    test('a generator, a stream of Node, of the web and of another call are read value by value', async () => {
      const { api } = connection
      const expected = [...lines(2000)].map((line) => line.toUpperCase())
      for (const input of [lines(2000), Readable.from(lines(2000)), ReadableStream.from(lines(2000))]) {
        const stream = api.upper(input)
        assert.deepEqual(await collect(stream), expected)
        assert.equal(await stream.result, 2000)
      }
      assert.deepEqual(await collect(api.upper(api.upper(lines(2000)))), expected)
      assert.equal(await api.total(producer(1000).numbers), 499_500)
    })

    test('a member of an input is one too, beside what is copied', async () => {
      const { api } = connection
      async function* parts(): AsyncGenerator<Uint8Array> {
        for (const length of [0, 10, 100_000, 3]) yield new Uint8Array(length)
      }
      assert.equal(await api.lengths({ prefix: 'of ', parts: parts() }), 'of 0,10,100000,3')
    })

    test('what can be iterated again, and again by whoever has it, is a value', async () => {
      const { api } = connection
      assert.equal(await api.kinds([1]), 'Array { 0: number }')
      assert.equal(
        await api.kinds({ a: new Map(), b: new Set(), c: new Uint8Array(0), d: 'text' }),
        'Object { a: Map {  }, b: Set {  }, c: Uint8Array {  }, d: string }',
      )
      assert.equal(await api.kinds(lines(1)), 'stream')
      assert.equal(await api.kinds({ n: 1, ['__proto__']: 2, s: lines(1) }), 'Object { n: number, __proto__: number, s: stream }')
    })

    test('one that a handler leaves, and one that it never reads, is over: its producer is returned from', async () => {
      const { api } = connection
      const left = producer()
      assert.equal(await api.first(left.numbers), 0)
      await until(() => left.seen.ended, 'the producer was not returned from')
      const ignored = [producer(), producer()]
      assert.equal(await api.ignored(ignored[0].numbers), 'done')
      assert.deepEqual(await collect(api.ignoredStream(ignored[1].numbers)), [1, 2])
      await assertNoLeaks(connection)
      for (const { seen, numbers } of ignored) {
        assert.equal(seen.pulled, 0, 'nobody asked')
        assert.deepEqual(await numbers.next(), { value: undefined, done: true })
      }
    })

    test('leaving the call ends its input, and what its producer throws is thrown where it is read', async () => {
      const { api } = connection
      const { seen, numbers } = producer()
      for await (const number of api.reading(numbers)) if (number === 2) break
      await until(() => seen.ended, 'the producer was not returned from')
      await until(async () => (await api.notes()).includes('finally') || options.workers === 2, 'the handler was not returned from')
      async function* fails(): AsyncGenerator<number> {
        yield 1
        throw new RangeError('no more of them')
      }
      const stream = api.reading(fails())
      assert.deepEqual(await stream.next(), { value: 1, done: false })
      const error = await failure(stream.next())
      assert.ok(error instanceof RangeError && error.message === 'no more of them', String(error))
    })

    test('a producer that waits for ever holds up nobody who leaves', async () => {
      const { api } = connection
      async function* stuck(): AsyncGenerator<number> {
        yield 1
        await new Promise(() => {})
      }
      const stream = api.reading(stuck())
      assert.deepEqual(await stream.next(), { value: 1, done: false })
      const next = failure(stream.next())
      stream.cancel('enough')
      const error = await next
      assert.ok(error instanceof CancelledError && error.cause === 'enough')
    })

    test('an input of a call that never begins is closed', async () => {
      const { api } = connection
      const inputs = [producer(), producer(), producer()]
      const closed = async () => {
        for (const { numbers, seen } of inputs) assert.deepEqual([await numbers.next(), seen.pulled], [{ value: undefined, done: true }, 0])
      }
      await api.reading(inputs[0].numbers).return()
      await failure(api.reading(inputs[1].numbers, { signal: AbortSignal.abort() }).next())
      await failure(api.total(inputs[2].numbers, { signal: AbortSignal.abort() }))
      await closed()
    })
  })
}

test('two streams in one input, and much beside one, are errors that say what to do', async () => {
  await connected<Worker>(URL_OF_WORKER, { workers: 1, ringBytes: 4096 }, async ({ api }) => {
    const streams = [producer(), producer(), producer()]
    const two = await failure(api.kinds({ a: streams[0].numbers, b: streams[1].numbers }))
    assert.equal(two.code, 'InvalidArgument')
    assert.match(two.message, /the streams 'a' and 'b': it can have one/)
    const much = await failure(api.kinds({ text: 'x'.repeat(5000), s: streams[2].numbers }))
    assert.equal(much.code, 'MessageTooLarge')
    assert.match(much.message, /takes 50\d\d bytes, at most \d+ can: send it as the first value of the stream/)
    assert.deepEqual(await streams[2].numbers.next(), { value: undefined, done: true })
  })
})

test('a worker that dies ends the input, and is the error of the call', async () => {
  await connected<Worker>(URL_OF_WORKER, { workers: 1 }, async (connection) => {
    const { poolOf } = await import('../../src/call/connect.js')
    const { seen, numbers } = producer()
    const stream = connection.api.reading(numbers)
    await stream.next()
    const [worker] = poolOf(connection).ready
    await worker.host.terminate()
    const error = await failure(collect(stream))
    assert.ok(error instanceof PeerLostError, String(error))
    await until(() => seen.ended, 'the producer was not returned from')
  })
})

test('bytes that are echoed are the caller’s own and unharmed, whatever memory they lie in', async () => {
  await connected<Worker>(URL_OF_WORKER, { workers: 1 }, async ({ api }) => {
    const whole = new Uint8Array(300_000).map((_zero, index) => index)
    const pieces = [whole, whole.subarray(1, 70_000), whole.subarray(5, 5), Buffer.from('pooled'), new Uint8Array(new SharedArrayBuffer(8))]
    const echoed = await collect(api.echo(pieces.values()))
    assert.deepEqual(
      echoed,
      pieces.map((piece) => Uint8Array.from(piece)),
    )
    for (const [index, bytes] of echoed.entries()) {
      assert.ok(!(bytes.buffer instanceof SharedArrayBuffer))
      assert.notEqual(bytes.buffer, pieces[index].buffer)
    }
    assert.equal(whole.length, 300_000, 'nothing was detached')
  })
})

test('highWaterMark bounds the values that a producer makes ahead of its consumer, on the fastest way too', async () => {
  await connected<Worker>(URL_OF_WORKER, { workers: 1 }, async ({ api }) => {
    for (const [highWaterMark, ahead] of [
      [1, 1],
      [5, 5],
      [{ values: 3, bytes: 1 }, 3],
    ] as const) {
      const stream = api.counted(50, { highWaterMark })
      for (let n = 1; n <= 50; n++) {
        assert.deepEqual(await stream.next(), { value: n, done: false })
        const step = await api.step()
        assert.ok(step >= n && step < n + ahead, `${step} at ${n} of ${ahead}`)
      }
      assert.equal((await stream.next()).done, true)
    }
    const free = api.counted(50)
    await free.next()
    await until(async () => (await api.step()) === 50, 'without a mark it goes on')
    await free.return()
  })
})

test('a highWaterMark that is none is refused at once', async () => {
  await connected<Worker>(URL_OF_WORKER, { workers: 0 }, async ({ api }) => {
    for (const highWaterMark of [0, -1, 1.5, 65_536, Number.NaN, { values: 0 }, { bytes: 0 }, { values: 2, bytes: 0.5 }])
      assert.throws(() => api.counted(1, { highWaterMark }), { code: 'InvalidArgument' })
  })
})

test('a stream beside an input that does not say where it belongs is a protocol error', () => {
  for (const wrong of [1, [1], ['name', 5], [5, {}], ['name', []], [undefined, {}]])
    assert.throws(() => decodeInput(encodeValue(wrong), 'stream'), { code: 'Protocol' })
})
