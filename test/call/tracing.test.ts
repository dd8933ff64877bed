import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { tracingChannel } from 'node:diagnostics_channel'
import { test } from 'node:test'
import type { CallTrace } from '../../src/index.js'
import { collect, connected, failure, until } from '../support/connections.js'

type Worker = typeof import('./errors.worker.js')
type Peers = typeof import('./peers.worker.js')

const URL_OF_WORKER = new URL('./errors.worker.js', import.meta.url)
const URL_OF_PEERS = new URL('./peers.worker.js', import.meta.url)

/** What subscribers of a channel are told while `body` runs: event and handler. */
async function told(name: 'millrace:call' | 'millrace:handler', body: (events: string[]) => Promise<void>): Promise<CallTrace[]> {
  const channel = tracingChannel<unknown, CallTrace>(name)
  const events: string[] = []
  const traces: CallTrace[] = []
  const hear = (event: string) => (message: unknown) => {
    const trace = message as CallTrace
    events.push(`${event} ${trace.kind} ${trace.handler}`)
    if (!traces.includes(trace)) traces.push(trace)
  }
  const subscriber = { start: hear('start'), end: () => {}, asyncStart: () => {}, asyncEnd: hear('over'), error: hear('error') }
  channel.subscribe(subscriber)
  try {
    await body(events)
  } finally {
    channel.unsubscribe(subscriber)
  }
  return traces
}

test('calls and streams are traced where they are made, once each, with what they failed with', async () => {
  await connected<Peers>(URL_OF_PEERS, { workers: 1 }, async (connection) => {
    const traces = await told('millrace:call', async (events) => {
      connection.api.count({ to: 1 })
      assert.equal(await connection.on(1).worker(), 1)
      assert.deepEqual(await collect(connection.api.count({ to: 2 })), [1, 2])
      for await (const _n of connection.api.count({ to: 9 })) break
      await until(
        () => events.length === 6,
        () => `${events}`,
      )
      assert.deepEqual(events, [
        'start value worker',
        'over value worker',
        'start stream count',
        'over stream count',
        'start stream count',
        'over stream count',
      ])
    })
    assert.deepEqual(
      traces.map(({ worker, isLeft }) => [worker, isLeft]),
      [
        [1, undefined],
        [undefined, undefined],
        [undefined, true],
      ],
    )
  })
})

test('what fails is told with its error', async () => {
  await connected<Worker>(URL_OF_WORKER, { workers: 1 }, async ({ api }) => {
    const traces = await told('millrace:call', async (events) => {
      const value = await failure(api.throws({ what: 'range' }))
      const stream = await failure(collect(api.throwsAfterOne({ what: 'dom' })))
      await until(
        () => events.length === 6,
        () => `${events}`,
      )
      assert.deepEqual(
        events.filter((event) => event.startsWith('error')),
        ['error value throws', 'error stream throwsAfterOne'],
      )
      assert.ok(value instanceof RangeError && stream instanceof DOMException)
    })
    assert.ok(traces[0].error instanceof RangeError && traces[1].error instanceof DOMException)
  })
})

test('handlers are traced where they run', async () => {
  await connected<Worker>(URL_OF_WORKER, { workers: 0 }, async ({ api }) => {
    const traces = await told('millrace:handler', async (events) => {
      await failure(api.throws({ what: 'range' }))
      await failure(collect(api.throwsAfterOne({ what: 'text' })))
      await until(
        () => events.length === 6,
        () => `${events}`,
      )
    })
    assert.deepEqual(
      traces.map(({ handler, kind, worker }) => [handler, kind, worker]),
      [
        ['throws', 'value', 1],
        ['throwsAfterOne', 'stream', 1],
      ],
    )
  })
})

test('the asynchronous context of whoever calls and reads is kept', async () => {
  const storage = new AsyncLocalStorage<string>()
  await connected<Peers>(URL_OF_PEERS, { workers: 1 }, async ({ api }) => {
    const read = (name: string) =>
      storage.run(name, async () => {
        await api.worker()
        const seen = [storage.getStore()]
        for await (const _n of api.count({ to: 3 })) seen.push(storage.getStore())
        return seen
      })
    assert.deepEqual(
      await Promise.all(['a', 'b'].map(read)),
      ['a', 'b'].map((name) => new Array(4).fill(name)),
    )
  })
})

test('a helper of asynchronous iterators works on streams, and stops the producer where it stops early', async () => {
  const prototype = Object.getPrototypeOf(Object.getPrototypeOf(async function* () {}.prototype)) as Record<string, unknown>
  const own = Object.hasOwn(prototype, 'firstOf')
  prototype.firstOf = async function* (this: AsyncIterable<unknown>, count: number): AsyncGenerator<unknown> {
    let left = count
    for await (const value of this) {
      yield value
      if (--left === 0) return
    }
  }
  try {
    await connected<Peers>(URL_OF_PEERS, { workers: 1 }, async ({ api }) => {
      const stream = api.count({ to: 1e9 }) as unknown as { firstOf(count: number): AsyncGenerator<number> }
      assert.deepEqual(await collect(stream.firstOf(3)), [1, 2, 3])
    })
  } finally {
    assert.equal(own, false)
    delete prototype.firstOf
  }
})
