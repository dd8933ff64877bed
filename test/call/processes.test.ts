import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type ConnectOptions, connect } from '../../src/call/connect.js'
import { PeerLostError, type StallReport } from '../../src/index.js'
import { activeResources, assertReleased, connected, failure, TRANSPORTS, until } from '../support/connections.js'
import { useOwnTemporaryFolder } from '../support/own-temporary-folder.js'
import { randomWords } from '../support/random.js'

type Worker = typeof import('./processes.worker.js')

const WORKER = new URL('./processes.worker.js', import.meta.url)
const FULL = process.env.MILLRACE_FULL === '1'
const KILLS = FULL ? 200 : 3
/** More than what may be on its way to who does not read. */
const VALUES = FULL ? 1_000_000 : 200_000
const temporary = useOwnTemporaryFolder()
const foldersOfSockets = (): string[] => readdirSync(temporary)

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  assert.ok(stdout)
  const [line] = await once(stdout, 'data')
  return String(line)
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('a pool of processes without a folder for its sockets is refused by name', async () => {
  process.env.TMPDIR = join(temporary, 'is-not-there')
  const error = await failure(connect(WORKER, { kind: 'process' }))
  process.env.TMPDIR = temporary
  assert.equal(error.code, 'StartFailed')
  assert.match(error.message, /^the folder for the sockets of a pool could not be made: ENOENT/)
})

test('what a process cannot be is refused', async () => {
  const factory = () => assert.fail('it is never called')
  assert.equal((await failure(connect(factory, { kind: 'process' }))).code, 'InvalidArgument')
  assert.match((await failure(connect(WORKER, { kind: 'fibre' as 'thread' }))).message, /kind is "fibre"; give 'thread' or 'process'/)
})

test('a process that may start no thread serves all the same', async () => {
  const permission = ['--permission', '--experimental-permission'].find((flag) => process.allowedNodeEnvironmentFlags.has(flag)) as string
  const execArgv = [permission, '--allow-fs-read=*', '--allow-fs-write=*', '--no-warnings']
  const body: Parameters<typeof connected<Worker>>[2] = async (pool) => assert.ok((await pool.api.pid()) > 0)
  // Native code is not allowed there either: sockets carry frames.
  await connected<Worker>(WORKER, { workers: 1, kind: 'process', transport: 'socket', execArgv }, body)
})

for (const transport of TRANSPORTS) {
  describe(`processes over ${transport}`, () => {
    /** What sockets and memory do not bear on, for one of them. */
    const testOnce = FULL || transport === TRANSPORTS[0] ? test : () => {}
    const processes = (body: Parameters<typeof connected<Worker>>[2], options: ConnectOptions = {}): Promise<void> =>
      connected<Worker>(WORKER, { workers: 2, kind: 'process', transport, ...options }, body)

    testOnce('each worker is a process of its own, named, told of by stats, and nothing is left of it', async () => {
      const before = foldersOfSockets()
      let pids: number[] = []
      await processes(
        async (pool) => {
          pids = [await pool.on(1).pid(), await pool.on(2).pid()]
          assert.equal(new Set([process.pid, ...pids]).size, 3)
          assert.deepEqual(
            pool.stats().workers.map(({ pid }) => pid),
            pids,
          )
          assert.equal(await pool.on(2).title(), 'crew-2')
          assert.equal(foldersOfSockets().length, before.length + 1)
        },
        { name: 'crew' },
      )
      for (const pid of pids) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
      assert.deepEqual(foldersOfSockets(), before)
    })

    test('a process that is killed at any moment tears no frame, fails what it had open with its end, and is replaced', async () => {
      const random = randomWords(20_261_127)
      await processes(async (pool) => {
        for (let kill = 0; kill < KILLS; kill++) {
          const [{ worker, pid }] = pool.stats().workers.filter(({ state }) => state === 'ready')
          const stream = pool.on(worker).blocks()
          const killAt = 1 + (random() % 200)
          const pending = failure(pool.on(worker).never())
          let blocks = 0
          const read = async () => {
            for await (const block of stream) {
              assert.equal(block.length, 1 + ((blocks * 7919) % 30_000), 'none is lost')
              assert.ok(Buffer.alloc(block.length, blocks & 0xff).equals(block), 'none is torn')
              if (++blocks === killAt) process.kill(pid as number, 'SIGKILL')
            }
          }
          for (const error of [await failure(read()), await pending]) {
            assert.ok(error instanceof PeerLostError, String(error.stack))
            assert.match(error.message, new RegExp(`^worker ${worker} was ended by SIGKILL`))
          }
          assert.ok(blocks >= killAt)
          assert.ok((await pool.api.pid()) > 0)
        }
        assert.equal(pool.stats().replaced, KILLS)
      })
    })

    testOnce(
      'however few files may be opened, a pool serves or is refused by name; the program lives, and its next pool serves',
      async () => {
        // How many a pool needs differs between versions of Node.js; 30 are enough.
        const left = [...Array(FULL ? 30 : 9).keys(), 30]
        const program = fileURLToPath(new URL('./fixtures/few-descriptors.js', import.meta.url))
        const child = spawn('sh', ['-c', `ulimit -n 80; exec "${process.execPath}" "${program}" ${left.join(' ')}`], {
          env: { ...process.env, MILLRACE_TRANSPORT: transport, TMPDIR: temporary },
          stdio: ['ignore', 'pipe', 'inherit'],
          // What would end a group of processes ends that one.
          detached: true,
        })
        const { outcomes, more }: { outcomes: string[]; more: number } = JSON.parse(
          await Promise.race([
            firstLine(child),
            once(child, 'close').then(([code, signal]) => assert.fail(`it ended with ${signal ?? code}`)),
          ]),
        )
        const refused = outcomes.filter((outcome) => /^(StartFailed|OutOfMemory): .*(files|EMFILE)/.test(outcome))
        assert.equal(outcomes.length, left.length + 2)
        assert.equal(refused.length + outcomes.filter((outcome) => outcome === '499500').length, outcomes.length, outcomes.join('\n'))
        assert.ok(refused.length >= 4 && outcomes.at(-1) === '499500' && outcomes.at(-2) === '499500', outcomes.join('\n'))
        // Node.js itself does not close the channel of a process that could not be started.
        assert.ok(more <= 2 * refused.length, `${more} descriptors more`)
        assert.deepEqual(foldersOfSockets(), [])
      },
    )

    testOnce('SIGTERM ends a worker like any process; one that has no memory left says where to look', async () => {
      await processes(async (pool) => {
        const pending = failure(pool.on(1).never())
        process.kill(await pool.on(1).pid(), 'SIGTERM')
        assert.match((await pending).message, /^worker 1 was ended by SIGTERM/)
      })
      const quiet = { resourceLimits: { maxOldGenerationSizeMb: 16 }, workers: 1 }
      await processes(async (pool) => assert.match((await failure(pool.api.fills())).message, /SIGABRT.*memory/), quiet)
    })

    testOnce('a process that is stopped is slow, not dead; where somebody wants to know, it is told of, and it goes on', async () => {
      const reports: string[] = []
      let tell = () => {}
      const told = new Promise<void>((resolve) => {
        tell = resolve
      })
      const onStall = ({ text }: StallReport) => {
        reports.push(text)
        if (/participant 1 does not answer/.test(text)) tell()
      }
      await processes(
        async (pool) => {
          const stream = pool.api.numbers(VALUES)
          await stream.next()
          const pid = await pool.api.pid()
          process.kill(pid, 'SIGSTOP')
          let count = 1
          const all = (async () => {
            for await (const _n of stream) count++
          })()
          await told
          process.kill(pid, 'SIGCONT')
          await all
          assert.equal(count, VALUES, reports.join())
        },
        { workers: 1, stallMs: 20, onStall },
      )
    })

    testOnce('what a worker writes to its output, or sends by the channel of its process, disturbs nothing', async () => {
      await processes(async (pool) => {
        assert.equal(await pool.on(1).says(''), true)
        assert.equal(await pool.on(1).sends(), true)
        assert.equal(await pool.on(1).pid(), pool.stats().workers[0].pid)
      })
    })

    test('a handler that never yields hears of a cancel where it looks', async () => {
      await processes(async (pool) => {
        for await (const said of pool.on(1).spins()) {
          assert.equal(said, 'spins')
          break
        }
        assert.ok((await pool.on(1).pid()) > 0)
      })
    })

    testOnce(
      'workers whose leader is killed end by themselves, be they idle, busy, or in code that never yields, and clear up after it',
      async () => {
        const before = foldersOfSockets()
        const resources = activeResources()
        const leader = spawn(process.execPath, [fileURLToPath(new URL('./fixtures/process-leader.js', import.meta.url))], {
          stdio: ['ignore', 'pipe', 'inherit'],
          env: { ...process.env, MILLRACE_TRANSPORT: transport },
        })
        const pids: number[] = JSON.parse(await firstLine(leader))
        assert.equal(pids.length, 3)
        assert.ok(pids.every(isAlive))
        const ended = once(leader, 'exit')
        leader.kill('SIGKILL')
        await ended
        await until(() => !pids.some(isAlive), 'workers are left')
        assert.deepEqual(foldersOfSockets(), before)
        await assertReleased(resources)
      },
    )
  })
}
