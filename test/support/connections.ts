import assert from 'node:assert/strict'
import { type ConnectOptions, connect } from '../../src/call/connect.js'
import { leaks } from '../../src/testing/leaks.js'
import { tick } from './test-loop.js'

const FULL = process.env.MILLRACE_FULL === '1'

/** What every suite of calls runs over. */
export const CONFIGURATIONS: readonly (ConnectOptions & { workers: number })[] = [
  ...[0, 1, 2].flatMap((workers) => [{ workers }, { workers, ringBytes: 4096 }]),
  { workers: 2, ringBytes: 4096, kind: 'process' },
  ...(FULL
    ? ([
        { workers: 1, kind: 'process' },
        { workers: 2, kind: 'process' },
      ] as const)
    : []),
]

export function nameOf({ workers, ringBytes, kind = 'thread' }: ConnectOptions): string {
  return `${workers} workers${kind === 'thread' ? '' : ' in processes'}${ringBytes === undefined ? '' : `, rings of ${ringBytes}`}`
}

type Opened<M> = Awaited<ReturnType<typeof connect<M>>>

/** Connects for one test; afterwards nothing may be held, and after `close` nothing may be left in this process. */
export async function connected<M>(url: URL, options: ConnectOptions, body: (connection: Opened<M>) => Promise<void>): Promise<void> {
  const before = activeResources()
  const connection = await connect<M>(url, options)
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

/** Lets the event loop turn until it holds; fails after two seconds. */
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
