import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, afterEach, before } from 'node:test'
import { createPool, type Flow, type FlowPool, type FlowRun, type FlowsRun, type RunOptions, runAll } from 'millrace/flow'
import { leaks } from 'millrace/testing'
import { TRANSPORTS } from '../support/connections.js'

const FULL = process.env.MILLRACE_FULL === '1'

/** The numbers of workers that every answer is tried with; 0 runs in the thread of the test. */
export const WORKERS = [0, 1, 2, 4] as const
/** The numbers that everything else is tried with: two workers already meet each other. */
const WORKERS_HERE = FULL ? WORKERS : ([0, 2] as const)
/** Default rings, and the smallest there are. */
const RINGS = [undefined, 4096] as const

/** One way to run a flow: in a pool that lives as long as the file's tests. */
export interface Way {
  readonly name: string
  readonly workers: number
  readonly options: RunOptions
}

/** A folder that is gone after the file's tests. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-flow-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Writes files below a folder; returns the folder. */
export async function writeFiles(folder: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
  }
  return folder
}

export type Transport = 'shm' | 'socket'

/** What joins workers in processes, for the files in which their links bear on what is tried: all there are, or at a smaller size one. */
export const LINKED: readonly Transport[] = FULL ? TRANSPORTS : TRANSPORTS.slice(0, 1)

/** A pool of threads, or of processes that are joined by this. */
function poolOver(workers: number, transport: Transport | undefined): FlowPool {
  if (transport === undefined) return createPool({ workers })
  process.env.MILLRACE_TRANSPORT = transport
  const pool = createPool({ workers, kind: 'process' })
  delete process.env.MILLRACE_TRANSPORT
  assert.equal(pool.describe().transport, transport)
  return pool
}

/** Pools for the tests of one file, one for each number of workers, and the oracle of leaks after each test. */
export function useWays(
  counts: readonly number[] = WORKERS_HERE,
  transports: readonly Transport[] = FULL ? TRANSPORTS : [],
): {
  ways: Way[]
  pool: (workers: number) => FlowPool
} {
  const pools = new Map<string, FlowPool>()
  const pool = (workers: number, transport?: Transport): FlowPool => {
    const found = pools.get(`${workers} ${transport}`) ?? poolOver(workers, transport)
    pools.set(`${workers} ${transport}`, found)
    return found
  }
  after(async () => {
    for (const each of pools.values()) await each.close()
  })
  useLeakOracle()
  const way = (workers: number, ringBytes: number | undefined, transport?: Transport): Way => ({
    name: `${workers} workers${transport === undefined ? '' : ` in processes over ${transport}`}, ${ringBytes === undefined ? 'default' : 'smallest'} rings`,
    workers,
    get options(): RunOptions {
      return { pool: pool(workers, transport), ...(ringBytes !== undefined && { ringBytes }) }
    },
  })
  const all = counts.flatMap((workers) => RINGS.map((ringBytes) => way(workers, ringBytes)))
  // Each number of workers is tried with one size: the smallest rings where there are others that have those of a default.
  const ways = FULL ? all : all.filter(({ workers }, index) => index % 2 === Number(workers > 0 && workers !== 2))
  if (!counts.includes(2)) return { ways, pool }
  for (const transport of transports) for (const ringBytes of FULL ? RINGS : RINGS.slice(1)) ways.push(way(2, ringBytes, transport))
  return { ways, pool }
}

const watched = new Set<AsyncDisposable>()

/** Starts a run that the oracle looks at after the test. */
export function start<R>(job: Flow<R>, options: RunOptions): FlowRun<R> {
  const run = job.run(options)
  watched.add(run)
  return run
}

/** Likewise a run of several flows. */
export function startAll<const R extends readonly unknown[]>(
  jobs: readonly [...{ [I in keyof R]: Flow<R[I]> }],
  options: RunOptions,
): FlowsRun<R> {
  const run = runAll<R>(jobs, options)
  watched.add(run)
  return run
}

/** All rows of a run that the oracle looks at. */
export function rowsOf<R>(job: Flow<R>, options: RunOptions): Promise<R[]> {
  return start(job, options).collect()
}

/** After each test: every run of it has ended and holds nothing, and this thread waits for nothing that it did not wait for before. */
export function useLeakOracle(): void {
  let resources: string[] = []
  before(() => {
    resources = openResources()
  })
  afterEach(async () => {
    const runs = [...watched]
    watched.clear()
    for (const run of runs) assert.deepEqual(await leaks(run), {}, 'a run that has ended holds something')
    assert.deepEqual(await settledResources(resources), resources, 'the thread holds something')
  })
}

/** What keeps this process alive, but for the streams of its output and the channel to the test runner. */
function openResources(): string[] {
  const background = /^(TTYWrap|PipeWrap|TCP.*|FSReqPromise|CloseReq|Immediate|WriteWrap)$/
  return process
    .getActiveResourcesInfo()
    .filter((name) => !background.test(name))
    .sort()
}

/** Turns of the event loop in which what is closed already may go. */
const TURNS_MAX = 200

async function settledResources(expected: readonly string[]): Promise<string[]> {
  for (let turn = 0; turn < TURNS_MAX && openResources().join() !== expected.join(); turn++) {
    await new Promise((resolve) => setImmediate(resolve))
  }
  return openResources()
}

/** The error that a promise rejects with. */
export async function errorOf(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  const settled = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  assert.ok('error' in settled, `expected an error, got ${JSON.stringify('value' in settled ? settled.value : settled)?.slice(0, 200)}`)
  return settled.error as Error & Record<string, unknown>
}

/** Rows in an order of their own, to compare what may come in any order. */
export function sorted<R>(rows: readonly R[]): R[] {
  const keyed = rows.map((row) => ({ row, key: key(row) }))
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ row }) => row)
}

function key(row: unknown): string {
  return JSON.stringify(row, (_name, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))
}
