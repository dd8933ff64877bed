import { availableParallelism, tmpdir } from 'node:os'
import { Client } from '../call/client.js'
import { sweepSpillFolders } from '../exchange/spill-sweep.js'
import type { MediumDescription } from '../mesh/medium.js'
import { Pool } from '../mesh/pool.js'
import { checkedKind, type WorkerKind } from '../mesh/pool-options.js'
import { checkRingBytes, checkWorkers } from './number-option.js'
import { serveQueries } from './serve-queries.js'

/** What `createPool` takes. */
export interface FlowPoolOptions {
  /** Workers; 0 to 1024; default `availableParallelism()`. 0 runs in this thread. */
  readonly workers?: number | undefined
  /** Where they run: in threads of this process, the default, or each in a process of its own. */
  readonly kind?: WorkerKind | undefined
  /** Bytes of each data ring, a power of two from 4 KiB to 4 MiB; default 1 MiB. */
  readonly ringBytes?: number | undefined
}

/** Workers that run flows, many after another or at once. */
export class FlowPool implements AsyncDisposable {
  /** @internal */
  readonly pool: Pool
  /** @internal */
  readonly client: Client
  /** @internal What runs beside its workers, to be called when it is closed. */
  readonly closing: Set<() => Promise<void>> = new Set()
  private readonly swept: Promise<void>

  /** @internal Use `createPool`. */
  constructor(
    readonly workers: number,
    ringBytes: number | undefined,
    /** @internal */
    readonly kind: WorkerKind,
  ) {
    // Of runs in processes that crashed; runs that name a folder of their own look there.
    this.swept = sweepSpillFolders(tmpdir())
    const bootstrap = new URL('../flow/bootstrap.js', import.meta.url)
    this.pool = new Pool({ workers, kind, ringBytes, bootstrap, boot: undefined, inline: serveQueries })
    this.client = new Client(this.pool)
  }

  /** What carries frames between its workers, and why it is this. */
  describe(): MediumDescription {
    return this.pool.description
  }

  /** Ends its workers; runs that are open fail with `SessionEndedError`, as do later ones. Resolves when every worker is gone. */
  close(): Promise<void> {
    const runs = [...this.closing].map((end) => end())
    const closed = Promise.all([this.pool.close(), this.swept, ...runs])
    this.client.close()
    return closed.then(() => {})
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** Starts workers for several runs: `run({ pool })`. Without one, each run starts and ends its own. Throws `InvalidArgument`. */
export function createPool(options: FlowPoolOptions = {}): FlowPool {
  const { workers = availableParallelism(), ringBytes, kind } = options
  checkWorkers(workers)
  if (ringBytes !== undefined) checkRingBytes(ringBytes)
  return new FlowPool(workers, ringBytes, checkedKind(kind))
}
