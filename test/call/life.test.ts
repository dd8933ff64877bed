import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual, promisify } from 'node:util'
import { connect } from '../../src/call/connect.js'
import { SessionEndedError, TooManyCallsError } from '../../src/index.js'
import { leaks } from '../../src/testing.js'
import { activeResources, assertReleased, collect, connected, failure, until } from '../support/connections.js'
import { tick } from '../support/test-loop.js'
import { watchThread } from './life.worker.js'

type Life = typeof import('./life.worker.js')

const LIFE = new URL('./life.worker.js', import.meta.url)
const run = promisify(execFile)

async function lives(what: string, workers: number): Promise<{ got: unknown; code: number }> {
  const { stdout } = await run(process.execPath, [fileURLToPath(new URL('./fixtures/lives.js', import.meta.url)), what, String(workers)], {
    timeout: 10_000,
  })
  return JSON.parse(stdout)
}

for (const [what, got] of Object.entries({
  idle: 'answer',
  'open stream': 0,
  'pending next': 'late',
  starting: 'connected',
  left: 3,
  closed: 'answer',
  closing: 'closed',
})) {
  test(`a program ends by itself, and not before: ${what}`, async () => {
    assert.deepEqual(await lives(what, 1), { got, code: 0 })
  })
}

for (const [what, got] of [['idle', 'answer'] as const, ['pending next', 'late'] as const]) {
  test(`a program without workers ends by itself, and not before: ${what}`, async () => {
    assert.deepEqual(await lives(what, 0), { got, code: 0 })
  })
}

for (const workers of [0, 1, 2]) {
  test(`close ends what is open: nexts, calls and what comes later fail with SessionEnded (${workers} workers)`, async () => {
    const before = activeResources()
    const connection = await connect<Life>(LIFE, { workers, closeTimeoutMs: 20 })
    const { api } = connection
    const read = api.count({})
    await read.next()
    const waiting = api.neverYields()
    const pending = [waiting.next(), api.never(), api.count({}).next(), api.echo(1)].map(failure)
    const closed = connection.close()
    assert.equal(connection.close(), closed)
    const late = [api.echo(1), api.count({}).next(), api.neverYields().next()].map(failure)
    for (const error of await Promise.all([...pending, ...late])) assert.ok(error instanceof SessionEndedError, String(error))
    const rest = await failure(collect(read))
    assert.ok(rest instanceof SessionEndedError)
    await closed
    await connection[Symbol.asyncDispose]()
    assert.ok((await failure(api.echo(1))) instanceof SessionEndedError)
    assert.deepEqual(await api.count({}).return(), { value: undefined, done: true })
    assert.deepEqual(await leaks(connection), {})
    await assertReleased(before)
  })
}

for (const how of ['never', 'spin'] as const) {
  test(`close does not wait for ever for a handler that does not end: ${how}`, async () => {
    const before = activeResources()
    const connection = await connect<Life>(LIFE, { workers: 1, closeTimeoutMs: 30 })
    const call = failure(connection.api[how]())
    for (let turn = 0; turn < 10; turn++) await tick()
    const began = performance.now()
    await connection.close()
    assert.ok(performance.now() - began < 5000, 'it took as long as without a deadline of its own')
    assert.ok((await call) instanceof SessionEndedError)
    await assertReleased(before)
  })
}

test('two pools live beside each other and end one by one', async () => {
  await connected<Life>(LIFE, { workers: 1 }, async (first) => {
    await connected<Life>(LIFE, { workers: 2, ringBytes: 4096 }, async (second) => {
      await connected<Life>(LIFE, { workers: 0 }, async (third) => {
        const counts = await Promise.all([first, second, third].map(({ api }) => collect(api.count({ to: 500 }))))
        for (const values of counts) assert.equal(values.length, 500)
      })
      assert.equal(await second.api.echo(2), 2)
    })
    assert.equal(await first.api.echo(1), 1)
  })
})

test('while idle nothing is scheduled, neither here nor in the worker', async () => {
  await connected<Life>(LIFE, { workers: 1 }, async ({ api }) => {
    const open = api.count({})
    await open.next()
    await api.watch()
    const turn = setImmediate
    const here = watchThread()
    const turns = async (count: number) => {
      for (let n = 0; n < count; n++) await new Promise((resolve) => turn(resolve))
    }
    const idle = async (count: number) => {
      await until(async () => {
        const before = { ...here }
        await turns(count)
        return isDeepStrictEqual(here, before)
      }, 'something is scheduled again and again')
      return api.watched()
    }
    const first = await idle(200)
    const second = await idle(200)
    const third = await idle(5000)
    // A call costs the worker some turns, however long it was idle before.
    assert.ok((third.immediates as number) - (second.immediates as number) < 500)
    assert.equal(third.timers, first.timers)
    await open.return()
  })
})

test('no row travels by message port: while megabytes stream, bells are all that is posted', async () => {
  await connected<Life>(LIFE, { workers: 1, ringBytes: 0x1_0000 }, async ({ api }) => {
    await api.watch()
    const here = watchThread()
    let bytes = 0
    for await (const block of api.blocks({ blocks: 200, bytes: 50_000 })) bytes += block.length
    let rows = 0
    for await (const row of api.rows({ rows: 20_000 })) rows += row.text.length > 0 ? 1 : 0
    const echoed = (await api.echo(new Uint8Array(3_000_000))) as Uint8Array
    assert.equal(bytes + rows + echoed.length, 10_000_000 + 20_000 + 3_000_000)
    const there = await api.watched()
    assert.equal(here.others, 0)
    assert.equal(there.others, 0)
  })
})

test('one stream more than 1024 fails, a value call waits for room, and nothing is left', async () => {
  await connected<Life>(LIFE, { workers: 1 }, async ({ api }) => {
    const streams = Array.from({ length: 1024 }, () => api.count({}))
    await Promise.all(streams.map((stream) => stream.next()))
    assert.ok((await failure(api.count({}).next())) instanceof TooManyCallsError)
    const controller = new AbortController()
    const aborted = failure(api.echo('aborted', { signal: controller.signal }))
    let answers = 0
    const calls = Array.from({ length: 5 }, async (_, n) => {
      assert.equal(await api.echo(n), n)
      answers++
    })
    controller.abort()
    assert.equal((await aborted).code, 'Cancelled')
    for (let turn = 0; turn < 50; turn++) await tick()
    assert.equal(answers, 0)
    await streams[0].return()
    await Promise.all(calls)
    // More cancels at once than the control ring has room for.
    await Promise.all(streams.map((stream) => stream.return()))
    assert.deepEqual(await collect(api.count({ to: 3 })), [0, 1, 2])
  })
})

test('calls that wait for room fail when the pool is closed, or get to the replacement of a worker that died', async () => {
  const connection = await connect<Life>(LIFE, { workers: 1, closeTimeoutMs: 20 })
  const streams = Array.from({ length: 1024 }, () => connection.api.neverYields())
  const nexts = streams.map((stream) => failure(stream.next()))
  await tick()
  const calls = Array.from({ length: 3 }, () => failure(connection.api.echo(1)))
  await tick()
  await connection.close()
  for (const error of await Promise.all([...nexts, ...calls])) assert.ok(error instanceof SessionEndedError)
})

test('thousands of streams one after the other leave nothing', async () => {
  await connected<Life>(LIFE, { workers: 1, ringBytes: 4096 }, async ({ api }) => {
    for (let n = 0; n < 1500; n++) await collect(api.count({}), 1 + (n % 3))
  })
})
