import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import type { CallLogRecord } from '../../src/index.js'
import { type Libc, loadLibc, Mapper } from '../../src/memory/mapped-memory.js'
import { connected, until } from '../support/connections.js'
import { useOwnTemporaryFolder } from '../support/own-temporary-folder.js'

type Worker = typeof import('../call/processes.worker.js')

const WORKER = new URL('../call/processes.worker.js', import.meta.url)
const NOBODY = 65_534
const temporary = useOwnTemporaryFolder()
/** Why nobody else can be asked; false where one can. */
function withoutAnother(): string | false {
  if (process.getuid?.() !== 0) return 'not run: it takes root to be another user'
  const { status } = spawnSync(process.execPath, ['-e', ''], { uid: NOBODY, gid: NOBODY, cwd: '/' })
  return status === 0 ? false : `not run: another user may not run ${process.execPath}`
}

const skip = withoutAnother()

/** The code of the error that this program ends with when another user runs it. */
async function asNobody(program: string, argument: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', program, argument], { uid: NOBODY, gid: NOBODY, cwd: '/' })
  return stdout.trim()
}

test('another user runs programs here', { skip }, async () => {
  assert.equal(await asNobody('console.log(process.getuid(), process.argv[1])', 'hello'), `${NOBODY} hello`)
})

test('another user cannot connect to a socket of the pool, nor look into its folder', { skip }, async () => {
  // The folder itself is to hold, not what is around it.
  chmodSync(temporary, 0o755)
  await connected<Worker>(WORKER, { workers: 1, kind: 'process', transport: 'socket' }, async (pool) => {
    const [name] = readdirSync(temporary)
    const folder = join(temporary, name)
    assert.equal(statSync(folder).mode & 0o777, 0o700)
    assert.deepEqual(readdirSync(folder).sort(), ['0.sock', '1.sock'])
    const dial = "require('net').connect(process.argv[1]).on('error', (e) => console.log(e.code)).on('connect', () => process.exit(1))"
    assert.equal(await asNobody(dial, join(folder, '0.sock')), 'EACCES')
    assert.equal(await asNobody("try { require('fs').readdirSync(process.argv[1]) } catch (e) { console.log(e.code) }", folder), 'EACCES')
    assert.ok((await pool.api.pid()) > 0)
  })
})

test('another user cannot open memory that processes share', { skip: skip || (typeof loadLibc() === 'string' && 'no koffi') }, async () => {
  const { address, closeDescriptor, unmap } = new Mapper(loadLibc() as Libc).create(0x1000)
  const open = "try { require('fs').openSync(process.argv[1], 'r+') } catch (e) { console.log(e.code) }"
  assert.equal(await asNobody(open, `/proc/${address.pid}/fd/${address.fd}`), 'EACCES')
  unmap()
  closeDescriptor()
})

test('who connects to a leader or a worker and speaks something else is sent away, and the log tells of it', async () => {
  const records: CallLogRecord[] = []
  const onLog = (record: CallLogRecord) => void records.push(record)
  await connected<Worker>(WORKER, { workers: 1, kind: 'process', onLog }, async (pool) => {
    const [name] = readdirSync(temporary)
    for (const participant of [0, 1]) {
      const stranger = connect(join(temporary, name, `${participant}.sock`))
      stranger.on('error', () => {})
      stranger.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
      await once(stranger.resume(), 'close')
      await until(() => records.length > participant, 'it is told of')
      assert.ok((await pool.api.pid()) > 0)
    }
  })
  assert.deepEqual(
    records,
    [0, 1].map((worker) => ({ level: 'warn', object: 'a connection was refused: foreign', worker, handler: 'bridge', dropped: 0 })),
  )
})

test('no token stands in the arguments or the environment of a worker', async () => {
  await connected<Worker>(WORKER, { workers: 1, kind: 'process' }, async (pool) => {
    const { argv, env } = await pool.api.shown()
    assert.equal(argv.length, 2)
    assert.deepEqual(
      Object.keys(env).filter((name) => /millrace|token/i.test(name)),
      Object.keys(process.env).filter((name) => /millrace|token/i.test(name)),
    )
  })
})

test('a folder whose sockets would have too long a path is refused, with the cure', async () => {
  const { TMPDIR } = process.env
  const deep = mkdtempSync(join(tmpdir(), `millrace-${'deep'.repeat(25)}-`))
  process.env.TMPDIR = deep
  try {
    await assert.rejects(
      connected<Worker>(WORKER, { workers: 1, kind: 'process' }, async () => {}),
      {
        code: 'InvalidArgument',
        message: /would have a path of \d+ bytes.*TMPDIR/,
      },
    )
    assert.deepEqual(readdirSync(deep), [])
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = TMPDIR
    rmSync(deep, { recursive: true })
  }
})
