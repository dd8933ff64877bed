import { availableParallelism } from 'node:os'
import { MillraceError } from '../base/errors.js'
import type { ParticipantId } from '../base/ids.js'
import type { MediumDescription } from '../mesh/medium.js'
import { Pool } from '../mesh/pool.js'
import { checkedKind, type PoolOptions, type WorkerKind } from '../mesh/pool-options.js'
import { checkedStallMs, type StallReport } from '../mesh/stall-report.js'
import type { ThreadOptions, WorkerFactory } from '../mesh/thread-host.js'
import type { WorkerSide } from '../mesh/worker-side.js'
import type { Api, HandlersOf } from './api.js'
import { logged, type OnLog, refusalListener, stallListener } from './call-log.js'
import type { Inject } from './carrier.js'
import { type Callees, Client } from './client.js'
import { type Codecs, checkCodecs } from './codec.js'
import { createApi } from './create-api.js'
import { checkedRange, Elastic, IDLE_TIMEOUT_MS, type Limits, type WorkerRange } from './elastic.js'
import type { Handlers } from './handlers.js'
import type { Procedure } from './hello.js'
import { type PoolStats, statsOf } from './pool-stats.js'
import { type CallBoot, serveHandlers, serveModule } from './serve-module.js'
import { afterCancel, CANCEL_TIMEOUT_MS, Unresponsive, type UnresponsiveReport } from './unresponsive.js'
import { workerId } from './worker-id.js'
import { findWorker } from './worker-url.js'

export interface ConnectOptions {
  /**
   * Worker threads; by default as many as the machine runs in parallel. 0: the handlers run in this thread. A range, `{ min: 1, max: 8 }`: as
   * many as `min` at first, one more when a call finds all of them busy (it then waits for the first that is free), and fewer again.
   */
  readonly workers?: number | WorkerRange | undefined
  /** How long a worker beyond `min` may have nothing to do before it is ended, in ms; 30000 by default, and up to twice as long. */
  readonly idleTimeoutMs?: number | undefined
  /**
   * Where workers run: in threads of this process by default, or each in a process of its own, whose crash or end for lack of memory is its own
   * alone. Options and results are the same; values take longer to travel.
   */
  readonly kind?: WorkerKind | undefined
  /** Bytes of each data ring, a power of two from 4 KiB to 4 MiB; 2 MiB by default. */
  readonly ringBytes?: number | undefined
  /** Elastic receive memory of each participant in bytes, shared by its open streams; 64 MiB by default. */
  readonly elasticBytes?: number | undefined
  /** Heap limits of each worker, in MB as `node:worker_threads` has them; none by default. */
  readonly resourceLimits?: ThreadOptions['resourceLimits']
  /** What the workers are called, each with its number; `millrace` by default. */
  readonly name?: string | undefined
  /** The environment of the workers: by default a copy of this thread's, and `SHARE_ENV` is not taken. */
  readonly env?: NodeJS.ProcessEnv | undefined
  /** Options of Node.js for the workers: by default those of this process, `--import` among them. */
  readonly execArgv?: readonly string[] | undefined
  /** How long a worker may take before it serves, in ms; 60000 by default. Then it is terminated, and counts as one that cannot start. */
  readonly startTimeoutMs?: number | undefined
  /** How long a worker may take to end at `close`, in ms; 5000 by default. Then it is terminated. */
  readonly closeTimeoutMs?: number | undefined
  /** How long a handler may go on after its call was cancelled, in ms; 5000 by default, Infinity: for ever. Then its worker is replaced. */
  readonly cancelTimeoutMs?: number | undefined
  /** Told of such a handler; by default it is a warning of the process. */
  readonly onUnresponsive?: ((report: UnresponsiveReport) => void) | undefined
  /**
   * Asked at each call for what goes along with it, such as `{ traceparent }`: texts by name, or undefined. `extract` of `serve` gets it in
   * the worker. By default nothing does.
   */
  readonly inject?: Inject | undefined
  /** Of the handlers marked with `coded()`, by their names: what makes their bytes values. */
  readonly codecs?: Codecs | undefined
  /** Takes what handlers log by `ctx.log`; by default it is dropped. */
  readonly onLog?: OnLog | undefined
  /**
   * Told who waits for whom where something is waited for and nothing moves for `stallMs`: once, until something moves again. The log gets
   * the same as a record of the level `warn`, of worker 0, whose handler is `stall`.
   */
  readonly onStall?: ((report: StallReport) => void) | undefined
  /** In ms; 10 000 by default. */
  readonly stallMs?: number | undefined
}

/** Workers that serve one module. */
export interface Connection<H> extends AsyncDisposable {
  /** The handlers: a plain object, one function per handler. A call goes to the worker that has the fewest. */
  readonly api: Api<H>
  /** The same at one worker, by its number: 1, 2, ... What has died, or never was, gives `PeerLostError`. */
  on(worker: number): Api<H>
  /** What each worker does now and has done, and how many were replaced. */
  stats(): PoolStats
  /** What carries frames between its workers, and why it is this. */
  describe(): MediumDescription
  /** Ends it: what is open fails with `SessionEndedError`; resolves when every worker is gone. */
  close(): Promise<void>
}

const pools = new WeakMap<object, Pool>()

/** The pool behind a connection; for tests. Throws `InvalidArgument` for anything else. */
export function poolOf(connection: AsyncDisposable): Pool {
  const pool = pools.get(connection)
  if (pool === undefined) throw new MillraceError('InvalidArgument', 'this is no connection that `connect` returned')
  return pool
}

const BOOTSTRAP = new URL('../call/bootstrap.js', import.meta.url)

/**
 * Starts workers that serve a module and returns a connection to them: `await connect<typeof import('./x.worker.js')>(new URL(
 * './x.worker.js', import.meta.url), { workers: 4 })`. In a bundle the module is given as `(options) => new Worker(new URL('./x.worker.js',
 * import.meta.url), options)`. Rejects with what the module threw when imported, `NotServed` where it has no handlers, `WorkerNotFound`,
 * `StartTimeout`, `StartFailed`, `InvalidArgument`.
 */
export async function connect<M>(module: URL | string | WorkerFactory, options: ConnectOptions = {}): Promise<Connection<HandlersOf<M>>> {
  const limits = checkedRange(options.workers, availableParallelism())
  const { max: workers } = limits
  checkOptions(options)
  const { cancelTimeoutMs = CANCEL_TIMEOUT_MS } = options
  if (typeof module === 'function') {
    if (options.kind === 'process')
      throw new MillraceError('InvalidArgument', "connect: kind is 'process', but what a factory makes runs in a thread; give the URL")
    if (workers === 0)
      throw new MillraceError('InvalidArgument', 'connect: workers is 0, but what a factory makes runs in a thread; give the URL')
    const boot: CallBoot = { module: null, cancelTimeoutMs }
    return open({ ...options, workers: limits.min, bootstrap: module, boot, inline: () => {} }, limits)
  }
  const { href } = findWorker(toUrl(module))
  const boot: CallBoot = { module: href, cancelTimeoutMs }
  const inline = (side: WorkerSide) => void serveModule(side, href, cancelTimeoutMs)
  return open({ ...options, workers: limits.min, bootstrap: BOOTSTRAP, boot, inline }, limits)
}

/** The same with handlers at hand, which run in this thread. */
export function connectInline<H extends Handlers>(handlers: H, options: Omit<ConnectOptions, 'workers'> = {}): Promise<Connection<H>> {
  const { cancelTimeoutMs = CANCEL_TIMEOUT_MS } = options
  const inline = (side: WorkerSide) => void serveHandlers(side, handlers, cancelTimeoutMs).catch((error) => side.refuse(error))
  return open({ ...options, workers: 0, bootstrap: BOOTSTRAP, boot: undefined, inline }, { min: 0, max: 0 })
}

async function open<H>(given: PoolOptions & ConnectOptions & { workers: number }, limits: Limits): Promise<Connection<H>> {
  const { onStall, stallMs, onLog, name, env, execArgv, resourceLimits, ...options } = given
  const listener = stallListener(onStall, onLog)
  const checkedMs = checkedStallMs(stallMs)
  const { cancelTimeoutMs = CANCEL_TIMEOUT_MS, onUnresponsive, workers } = options
  const replace = workers === 0 ? undefined : (worker: ParticipantId, cause: unknown) => pool.dismiss(worker, cause)
  const unresponsive = new Unresponsive({ cancelTimeoutMs, onUnresponsive, replace })
  const tell = (worker: ParticipantId, handler: string) => unresponsive.tell(worker, handler)
  const pool = new Pool({
    ...options,
    thread: { name, env, execArgv, resourceLimits },
    stall: listener && { stallMs: checkedMs, onStall: listener },
    unresponsive: tell,
    logged: logged(onLog),
    refused: refusalListener(onLog),
  })
  try {
    const [worker] = await pool.allReady()
    const procedures = worker.hello as readonly Procedure[]
    const client: Client = new Client(
      elasticCallees(pool, limits, options.idleTimeoutMs, (id) => client.countsOf(id)),
      (worker, procedure) => afterCancel(cancelTimeoutMs, () => tell(worker, procedures[procedure]?.name ?? String(procedure))),
    )
    return createConnection(pool, client, procedures, options)
  } catch (error) {
    await pool.close()
    throw error
  }
}

function elasticCallees(pool: Pool, limits: Limits, idleTimeoutMs = IDLE_TIMEOUT_MS, countsOf: Client['countsOf']): Callees {
  if (limits.min === limits.max) return pool
  const elastic = new Elastic(pool, limits, idleTimeoutMs, countsOf)
  const { session, hold } = pool
  return {
    session,
    hold,
    get isClosed() {
      return pool.isClosed
    },
    get ready() {
      return pool.ready
    },
    anyReady: () => pool.anyReady(),
    reach: (id) => pool.reach(id),
    more: () => elastic.more(),
  }
}

function checkOptions({ kind, ...options }: ConnectOptions): void {
  for (const name of ['startTimeoutMs', 'closeTimeoutMs', 'cancelTimeoutMs', 'idleTimeoutMs'] as const) {
    const value = options[name]
    if (value !== undefined && !(value >= 0))
      throw new MillraceError('InvalidArgument', `connect: ${name} is ${value}; give milliseconds from 0`)
  }
  checkedKind(kind)
}

function toUrl(module: URL | string): URL {
  if (module instanceof URL || /^(file|data|node):/.test(module)) return new URL(module)
  throw new MillraceError('InvalidArgument', `connect: '${module}' is no URL; write new URL('./x.worker.js', import.meta.url)`)
}

function createConnection<H>(
  pool: Pool,
  client: Client,
  procedures: readonly Procedure[],
  { inject, codecs = {} }: ConnectOptions,
): Connection<H> {
  checkCodecs(procedures, codecs)
  const close = () => {
    const closed = pool.close()
    client.close()
    return closed
  }
  const connection: Connection<H> = {
    api: createApi(client, procedures, { inject, codecs }) as Api<H>,
    on: (worker) => createApi(client, procedures, { on: workerId(worker), inject, codecs }) as Api<H>,
    stats: () => statsOf(pool, client),
    describe: () => pool.description,
    close,
    [Symbol.asyncDispose]: close,
  }
  pools.set(connection, pool)
  return connection
}
