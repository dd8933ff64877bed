import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import type { Writable } from 'node:stream'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { setEnvironmentData } from 'node:worker_threads'
import { type CallLogRecord, connect } from '../../src/index.js'
import { keepWholeLines } from '../../src/mesh/whole-lines.js'
import { collect, connected, failure, until } from '../support/connections.js'
import { CHANNEL } from './settings.worker.js'

type Worker = typeof import('./settings.worker.js')

const URL_OF_WORKER = new URL('./settings.worker.js', import.meta.url)
const run = promisify(execFile)

async function wishing<T>(wishes: object, body: () => Promise<T>): Promise<T> {
  setEnvironmentData('settings.test', wishes as never)
  try {
    return await body()
  } finally {
    setEnvironmentData('settings.test', undefined as never)
  }
}

test('setup runs once in each worker, before it serves, and what it returns is ctx.state', async () => {
  for (const workers of [0, 1, 2]) {
    await connected<Worker>(URL_OF_WORKER, { workers }, async (connection) => {
      for (let worker = 1; worker <= workers; worker++) {
        for (let call = 0; call < 2; call++) assert.deepEqual(await connection.on(worker).state(), { runs: 1, square: 9 })
      }
      assert.deepEqual(await collect(connection.api.squares(4)), [1, 4, 9, 16])
    })
  }
})

test('what setup throws is what connect rejects with', async () => {
  await wishing({ setupFails: true }, async () => {
    const error = await failure(connect<Worker>(URL_OF_WORKER, { workers: 1 }))
    assert.ok(error instanceof RangeError && error.message === 'no setup today', String(error))
  })
})

test('teardown gets the state, at an orderly end', async () => {
  const channel = new BroadcastChannel(CHANNEL)
  const told = new Promise<unknown>((resolve) => {
    channel.onmessage = ({ data }) => resolve(data)
  })
  await wishing({ tearsDown: true }, () => connected<Worker>(URL_OF_WORKER, { workers: 1 }, async ({ api }) => void (await api.state())))
  assert.equal(await told, 'torn down 1')
  channel.close()
})

test('ctx.log reaches onLog with level, worker and handler, in order', async () => {
  for (const workers of [0, 2]) {
    const records: CallLogRecord[] = []
    await connected<Worker>(URL_OF_WORKER, { workers, onLog: (record) => records.push(record) }, async (connection) => {
      assert.equal(await connection.api.log({ count: 500 }), 500)
      await until(
        () => records.length === 500,
        () => `${records.length} records`,
      )
      const [{ worker }] = records
      assert.deepEqual(
        records,
        records.map((_record, n) => ({ level: 'info', object: { n }, worker, handler: 'log', dropped: 0 })),
      )
      const stream = connection.api.logsTooMuch()
      assert.deepEqual(await stream.next(), { value: 'begun', done: false })
      assert.equal((await failure(stream.next())).code, 'NotCloneable')
    })
  }
})

test('a handler that logs faster than the leader takes it drops records, and says how many', async () => {
  const records: CallLogRecord[] = []
  await connected<Worker>(URL_OF_WORKER, { workers: 1, onLog: (record) => records.push(record) }, async ({ api }) => {
    // In one turn of the worker, in which nothing that the leader answers arrives.
    await api.log({ count: 1500 })
    await until(
      () => records.length === 1000,
      () => `${records.length} records`,
    )
    await until(async () => (await api.log({ count: 1 })) === 1 && records.length > 1000, 'no record after them')
    assert.deepEqual([records[1000].dropped, records.filter(({ dropped }) => dropped > 0).length], [500, 1])
  })
})

test('without onLog logging costs no more than the encoding', async () => {
  await connected<Worker>(URL_OF_WORKER, { workers: 1 }, async ({ api }) => assert.equal(await api.log({ count: 3000 }), 3000))
})

test('name, env and execArgv are those of the threads; by default a copy of what the leader has', async () => {
  process.env.MILLRACE_TEST = 'of the leader'
  await connected<Worker>(URL_OF_WORKER, { workers: 1 }, async ({ api }) => {
    assert.deepEqual([(await api.where()).env, (await api.where()).isMainThread], ['of the leader', false])
  })
  delete process.env.MILLRACE_TEST
  const options = { workers: 1, name: 'mill', env: { MILLRACE_TEST: 'given' }, execArgv: ['--no-warnings'] }
  await connected<Worker>(URL_OF_WORKER, options, async ({ api }) => {
    const { env, execArgv } = await api.where()
    assert.deepEqual([env, execArgv], ['given', ['--no-warnings']])
  })
})

test('what the leader was started with by --import, its workers import too', async () => {
  const { stdout } = await run(process.execPath, [
    '--import',
    'data:text/javascript,globalThis.imported = true',
    fileURLToPath(new URL('./fixtures/imports.js', import.meta.url)),
  ])
  assert.equal(stdout, 'true\n')
})

test('what workers write comes out in whole lines, and all of it', async () => {
  const { stdout } = await run(process.execPath, [fileURLToPath(new URL('./fixtures/writes.js', import.meta.url))])
  const lines = stdout.trimEnd().split('\n')
  assert.equal(lines.length, 2 * 200 + 2)
  for (const line of lines) assert.match(line, /^(ab ){50}end \d+$|^no end$/)
})

test('lines are told by their bytes, across writes; what has no end gets one at the end, or goes in pieces', async () => {
  const written: string[] = []
  const stream = { write: (bytes: Uint8Array) => written.push(Buffer.from(bytes).toString()) > 0 }
  const flush = keepWholeLines(stream as never)
  const { write } = stream as unknown as Writable
  for (const piece of ['a', 'b\nc', '', 'd\ne\nf', '€'.repeat(3)]) write(piece)
  write(Buffer.from([0xe2, 0x82]))
  write(Buffer.from([0xac, 10]))
  write('656e640a', 'hex')
  write('x'.repeat(1_048_577))
  await new Promise<void>((resolve) => write('rest', () => resolve()))
  flush()
  flush()
  assert.deepEqual(written.slice(0, 4), ['ab\n', 'cd\ne\n', 'f€€€€\n', 'end\n'])
  assert.deepEqual([written[4].length, written[5], written.length], [1_048_577, 'rest\n', 6])
})
