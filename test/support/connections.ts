import assert from 'node:assert/strict'
import { type ConnectOptions, connect } from '../../src/call/connect.js'
import { loadLibc } from '../../src/memory/mapped-memory.js'
import { leaks } from '../../src/testing/leaks.js'
import { tick } from './test-loop.js'

const FULL = process.env.MILLRACE_FULL === '1'

/** With what processes are joined: the test fails where koffi loads and they are joined by something else. */
export interface Configuration extends ConnectOptions {
  readonly transport?: 'shm' | 'socket' | undefined
}

/** Without koffi there are sockets alone. */
export const TRANSPORTS: readonly ('shm' | 'socket')[] = typeof loadLibc() === 'string' ? ['socket'] : ['shm', 'socket']

/** Connects, over the transport that is asked for. */
export async function connectAs<M>(url: URL, { transport, ...options }: Configuration): Promise<Opened<M>> {
  const before = process.env.MILLRACE_TRANSPORT
  if (transport !== undefined) process.env.MILLRACE_TRANSPORT = transport
  // The pool is made before the first wait.
  const connecting = connect<M>(url, options)
  if (before === undefined) delete process.env.MILLRACE_TRANSPORT
  else process.env.MILLRACE_TRANSPORT = before
  const connection = await connecting
  if (options.kind === 'process') assert.equal(connection.describe().transport, transport ?? TRANSPORTS[0])
  return connection
}

/** What every suite of calls runs over. */
export const CONFIGURATIONS: readonly (Configuration & { workers: number })[] = [
  ...(FULL
    ? [0, 1, 2].flatMap((workers) => [{ workers }, { workers, ringBytes: 4096 }])
    : [{ workers: 0 }, { workers: 2, ringBytes: 4096 }]),
  // Rings are rings: what is over a socket differs most. test/call/processes.test.ts has both.
  ...TRANSPORTS.slice(FULL ? 0 : -1).map((transport) => ({ workers: 2, ringBytes: 4096, kind: 'process', transport }) as const),
  ...(FULL ? TRANSPORTS.map((transport) => ({ workers: 1, kind: 'process', transport }) as const) : []),
]

export function nameOf({ workers, ringBytes, kind = 'thread', transport }: Configuration): string {
  return `${workers} workers${kind === 'thread' ? '' : ` in processes over ${transport}`}${ringBytes === undefined ? '' : `, rings of ${ringBytes}`}`
}

type Opened<M> = Awaited<ReturnType<typeof connect<M>>>

/** Connects for one test; afterwards nothing may be held, and after `close` nothing may be left in this process. */
export async function connected<M>(url: URL, options: Configuration, body: (connection: Opened<M>) => Promise<void>): Promise<void> {
  const before = activeResources()
  const connection = await connectAs<M>(url, options)
  try {
    await body(connection)
    await assertNoLeaks(connection)
  } finally {
    await connection.close()
  }
  await assertReleased(before)
}

export async function assertNoLeaks(connection: AsyncDisposable): Promise<void> {
  assert.deepEqual(await leaks(connection), {})
}

/** What holds this process open now, apart from its own output and this very turn. */
export function activeResources(): string[] {
  return process.getActiveResourcesInfo().filter((kind) => !/^(Immediate|PipeWrap|TTYWrap)$/.test(kind))
}

/** Resolves when nothing holds the process open that did not `before`. */
export async function assertReleased(before: readonly string[]): Promise<void> {
  const added = () => {
    const present = [...before]
    return activeResources().filter((kind) => !present.includes(kind) || void present.splice(present.indexOf(kind), 1))
  }
  await until(
    () => added().length === 0,
    () => `left after close: ${added()}`,
  )
}

/** Lets the event loop turn until it holds; fails after twenty seconds. */
export async function until(condition: () => boolean | Promise<boolean>, otherwise: string | (() => string)): Promise<void> {
  const deadline = performance.now() + 20_000
  while (!(await condition())) {
    if (performance.now() > deadline) assert.fail(typeof otherwise === 'string' ? otherwise : otherwise())
    await tick()
  }
}

export async function collect<T>(values: AsyncIterable<T>, max = Number.POSITIVE_INFINITY): Promise<T[]> {
  const all: T[] = []
  for await (const value of values) {
    all.push(value)
    if (all.length >= max) break
  }
  return all
}

/** The error that something rejects with. */
export async function failure(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await promise
  } catch (error) {
    return error as Error & Record<string, unknown>
  }
  assert.fail('it did not fail')
}
