import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { RemoteStream } from '../../src/call/remote-stream.js'
import { ValueWriter } from '../../src/call/value-writer.js'
import type { Connection } from '../../src/index.js'
import { activeResources, assertNoLeaks, assertReleased, CONFIGURATIONS, collect, connectAs, nameOf } from '../support/connections.js'
import { inboundOf } from '../support/inbound-of.js'
import { RETURNS, type Returned } from './result.worker.js'

type Worker = typeof import('./result.worker.js')

const URL_OF_WORKER = new URL('./result.worker.js', import.meta.url)

for (const options of CONFIGURATIONS) {
  describe(`what producers return, with ${nameOf(options)}`, () => {
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

    test('it comes with the end and as the result, whatever it is and whatever was yielded before', async () => {
      const { api } = connection
      for (const [returns, value] of Object.entries(RETURNS)) {
        for (const make of [0, 1, 1000].map((to) => () => api.count({ to, returns: returns as Returned }))) {
          const stream = make()
          const early = stream.result
          const values: number[] = []
          for (let next = await stream.next(); ; next = await stream.next()) {
            if (next.done === true) {
              assert.deepEqual(next.value, value)
              break
            }
            values.push(next.value)
          }
          assert.deepEqual(values, [...values.keys()])
          assert.deepEqual([await early, await stream.result], [value, value])
          assert.deepEqual(await stream.next(), { value: undefined, done: true })
        }
        const long = api.long({ returns: returns as Returned })
        assert.deepEqual(
          (await collect(long)).map((bytes) => bytes.length),
          [50_000, 60_000],
        )
        assert.deepEqual(await long.result, value)
      }
    })

    test('it has its type, also where one generator hands on to another', async () => {
      const { api } = connection
      async function* local(): AsyncGenerator<number, number> {
        const returned: { readonly sum: number } | undefined = yield* api.sums(4)
        return returned?.sum ?? -1
      }
      const all = local()
      const seen: number[] = []
      let next = await all.next()
      for (; next.done !== true; next = await all.next()) seen.push(next.value)
      assert.deepEqual([seen, next.value], [[1, 2, 3, 4], 10])
      const stream = api.sums(2)
      await collect(stream)
      const { sum }: { readonly sum: number } = await stream.result
      assert.equal(sum, 3)
    })

    test('after leaving early the result rejects as cancelled, and unasked it rejects nobody', async () => {
      const { api } = connection
      const left = api.sums(1000)
      for await (const n of left) if (n === 3) break
      await assert.rejects(left.result, { code: 'Cancelled' })
      const reason = new Error('enough')
      const cancelled = api.sums(1000)
      await cancelled.next()
      cancelled.cancel(reason)
      await assert.rejects(cancelled.result, { code: 'Cancelled', cause: reason })
      const never = api.sums(1000)
      await never.return()
      await assert.rejects(never.result, { code: 'Cancelled' })
    })

    test('what the producer throws is the result too, as is a result that cannot be cloned', async () => {
      const { api } = connection
      for (const [stream, error] of [
        [api.failing(), { name: 'RangeError', message: 'after the first' }],
        [api.uncloneable(), { code: 'NotCloneable' }],
      ] as const) {
        const { result } = stream
        assert.deepEqual(await stream.next(), { value: 1, done: false })
        await assert.rejects(stream.next(), error)
        await assert.rejects(result, error)
      }
    })

    test('batches hold all values in order, and end with the result', async () => {
      const { api } = connection
      const batches = api.count({ to: 5000, returns: 'number' }).batches()
      const values: number[] = []
      let next = await batches.next()
      for (; next.done !== true; next = await batches.next()) {
        assert.ok(next.value.length >= 1 && next.value.length <= 1024)
        values.push(...next.value)
      }
      assert.deepEqual([values.length, values[4999], next.value], [5000, 4999, 7])
      const stream = api.failing()
      const seen: number[] = []
      await assert.rejects(
        async () => {
          for await (const batch of stream.batches()) seen.push(...batch)
        },
        { name: 'RangeError' },
      )
      assert.deepEqual(seen, [1])
      const left = api.sums(1e6)
      for await (const batch of left.batches()) if (batch.length > 0) break
      await assert.rejects(left.result, { code: 'Cancelled' })
    })

    test('as a web stream and as a Node.js stream it gives all values, fails with the error, and stops when it is left', async () => {
      const { api } = connection
      const make = () => api.sums(50)
      const expected = await collect(make())
      assert.deepEqual(await collect(make().toWeb()), expected)
      assert.deepEqual(await make().toNode().toArray(), expected)
      await assert.rejects(async () => collect(api.failing().toWeb()), { name: 'RangeError' })
      await assert.rejects(api.failing().toNode().toArray(), { name: 'RangeError' })
      const [one, two] = [api.sums(1e6), api.sums(1e6)]
      for await (const n of one.toWeb()) if (n === 3) break
      for await (const n of two.toNode()) if (n === 3) break
      for (const stream of [one, two]) await assert.rejects(stream.result, { code: 'Cancelled' })
      const bytes = api.long({ returns: 'nothing' }).toNode({ objectMode: false })
      assert.equal(Buffer.concat(await bytes.toArray()).length, 110_000)
    })
  })
}

test('values behind what was returned, two returns, and a return mark with nothing behind it are protocol errors', async () => {
  for (const fill of [
    (writer: ValueWriter) => {
      writer.markResult()
      writer.add(1)
      writer.add(2)
    },
    (writer: ValueWriter) => {
      writer.markResult()
      writer.markResult()
    },
    (writer: ValueWriter) => writer.markResult(),
  ]) {
    const writer = new ValueWriter()
    fill(writer)
    const messages = [writer.takeMessage()]
    const stream = new RemoteStream(() => Promise.resolve(inboundOf(messages)), undefined)
    await assert.rejects(collect(stream), { code: 'Protocol' })
    await assert.rejects(stream.result, { code: 'Protocol' })
  }
})
