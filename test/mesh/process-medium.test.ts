import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { connect } from '../../src/call/connect.js'
import { PeerLostError } from '../../src/index.js'
import { type Libc, loadLibc } from '../../src/memory/mapped-memory.js'
import { chooseTransport } from '../../src/mesh/transport.js'
import { collect, failure, until } from '../support/connections.js'

type Worker = typeof import('../call/processes.worker.js')

const WORKER = new URL('../call/processes.worker.js', import.meta.url)
const LIBC = loadLibc()
const skip = typeof LIBC === 'string' ? LIBC : false

/** A library of a process that has no descriptors left where `isOut` says so. */
const scarce = (isOut: () => boolean): Libc => ({
  ...(LIBC as Libc),
  memfdCreate: (name, flags) => (isOut() ? -1 : (LIBC as Libc).memfdCreate(name, flags)),
  errno: () => 24,
})

/** Node.js opens one descriptor for good with the first stream of a thread: it is not to count. */
async function openFirstStream(): Promise<void> {
  const server = createServer().listen(0)
  await once(server, 'listening')
  await new Promise((done) => server.close(done))
}

test('links for which there is no memory go over sockets, at the start and later; the pool lives, and says why', { skip }, async () => {
  await openFirstStream()
  const descriptors = () => readdirSync('/proc/self/fd').length
  const before = descriptors()
  let isOut = false
  const transport = chooseTransport('shm', () => scarce(() => isOut))
  isOut = true
  // Not an option for users: it goes on to the pool.
  const pool = await connect<Worker>(WORKER, { workers: 2, kind: 'process', transport } as Parameters<typeof connect>[1])
  assert.match(pool.describe().why, /^MILLRACE_TRANSPORT is shm, but 2 links go over sockets: memfd_create .*EMFILE/)
  assert.equal((await collect(pool.on(1).numbers(10_000))).length, 10_000)
  isOut = false
  const pending = failure(pool.on(1).never())
  process.kill(await pool.on(1).pid(), 'SIGKILL')
  assert.ok((await pending) instanceof PeerLostError)
  // Its successor has memory, beside one that has none.
  await until(() => pool.stats().workers.every(({ state }) => state === 'ready'), 'it is replaced')
  assert.match(pool.describe().why, /but 2 links/)
  for (const worker of [2, 3]) assert.equal((await collect(pool.on(worker).numbers(10_000))).length, 10_000)
  await pool.close()
  await until(
    () => descriptors() <= before,
    () => `${descriptors()} descriptors instead of ${before}`,
  )
})

test('without memory for the words of its members a pool of processes takes sockets, or says why not', { skip }, () => {
  const without = () => scarce(() => true)
  const { kind, why } = chooseTransport('auto', without)
  assert.deepEqual([kind, /EMFILE/.test(why)], ['socket', true])
  assert.throws(() => chooseTransport('shm', without), { code: 'OutOfMemory' })
})
