import { tmpdir } from 'node:os'
import { systemClock } from '../base/clock.js'
import { CancelledError, MillraceError, PeerLostError } from '../base/errors.js'
import type { ParticipantId } from '../base/ids.js'
import { encodeInput } from '../call/input.js'
import { ValueReader } from '../call/value-reader.js'
import type { Batch } from '../columnar/batch.js'
import { FoundInt32 } from '../columnar/int32-columns.js'
import { type Row, type Schema, unify } from '../columnar/schema.js'
import { ExchangeInput } from '../exchange/exchange-input.js'
import { Gather } from '../exchange/gather.js'
import { sweepSpillFolders } from '../exchange/spill-sweep.js'
import type { QueryMesh } from '../mesh/query-mesh.js'
import type { StallOptions } from '../mesh/stall-report.js'
import { decodeError, hasTravelled, RANK, rankOf } from '../stream/error-payload.js'
import type { Inbound } from '../stream/inbound.js'
import type { LogRecord } from './ctx.js'
import { createPool, type FlowPool } from './flow-pool.js'
import { type LeaderSource, leaderSource } from './leader-source.js'
import type { Plan } from './plan.js'
import type { QueryEvent, QueryTerms, WorkerCensus, WorkerProgress } from './query-events.js'
import type { ResolvedRunOptions, RunStats } from './run-options.js'
import { RunProgress } from './run-progress.js'
import { SinkRun } from './sinks/sink-run.js'
import { Topology } from './topology.js'

/** How long the leader waits for the root of an error that is itself a consequence. */
const ROOT_WAIT_MS = 100

/** The leader's side of one run: makes the mesh, hands out splits, reads the rows, ends it all. */
export class Query {
  private readonly ownsPool: boolean
  private pool: FlowPool | undefined
  private mesh: QueryMesh | undefined
  private gather: Gather | undefined
  /** Of the rows given so far. */
  readonly int32: FoundInt32 = new FoundInt32()
  private readonly runs: Promise<void>[] = []
  private readonly sources: LeaderSource[] = []
  private readonly progress: RunProgress
  private readonly sinks: SinkRun
  private hasAllRows = false
  private root: { readonly error: unknown } | undefined
  private resolveRoot: () => void = () => {}
  private cancelled: { readonly error: CancelledError } | undefined
  private ending: Promise<void> | undefined
  private started = false
  private swept: Promise<void> | undefined
  private rowsOut = 0
  private startedMs = 0
  private endedMs: number | undefined
  private workers = 0
  /** This thread imports the stages, and if nothing else is alive the module of the stages waits for itself. */
  private importsHere = false
  private readonly censuses = new Map<number, WorkerCensus>()
  private readonly schemas = new Map<number, Schema>()
  private excess: { readonly error: unknown } | undefined
  private conflict: { readonly error: unknown } | undefined
  private readonly onAbort = () => void this.cancel(this.options.signal?.reason)

  constructor(
    private readonly plan: Plan,
    private readonly options: ResolvedRunOptions,
  ) {
    this.progress = new RunProgress(plan)
    this.ownsPool = options.pool === undefined
    this.pool = options.pool
    this.sinks = new SinkRun(plan, options)
  }

  async start(): Promise<void> {
    if (this.cancelled !== undefined) throw this.cancelled.error
    if (this.started) throw new MillraceError('InvalidArgument', 'a run gives its rows once: call run() again')
    this.started = true
    this.startedMs = systemClock.now()
    const { signal } = this.options
    if (signal?.aborted === true) {
      await this.cancel(signal.reason)
      return
    }
    signal?.addEventListener('abort', this.onAbort, { once: true })
    await this.open()
  }

  /** The rows of the next batch; undefined at the end. */
  async next(): Promise<readonly Row[] | undefined> {
    for (;;) {
      if (this.cancelled !== undefined) throw this.cancelled.error
      if (this.root !== undefined && rankOf(this.root.error) === RANK.root) throw this.root.error
      if (this.gather === undefined || this.isFull) return undefined
      const kept = this.sinks.takeKept()
      if (kept.length > 0) {
        this.rowsOut += kept.length
        return kept.map((part) => ({ ...part }))
      }
      const batch = this.gather.take()
      if (batch !== undefined) return this.trim(batch)
      if (this.gather.isDone) return undefined
      await this.gather.ready()
    }
  }

  /**
   * After the last row: ends the run, and gives what it wrote its names. Throws `ColumnType` where the rows of two workers that never met
   * have different types, and what `SinkRun.check` does.
   */
  async finish(): Promise<void> {
    this.hasAllRows = true
    await this.end()
    if (this.lateFailure !== undefined) throw this.lateFailure.error
    this.sinks.check()
  }

  /**
   * What to tell the user of an error: its root, where it becomes known soon. A root that came with the rows may have been cut to
   * their small frames; the worker tells of it in full.
   */
  async failed(error: unknown): Promise<unknown> {
    if (this.cancelled !== undefined) return this.cancelled.error
    if (rankOf(error) === RANK.root && !hasTravelled(error)) return error
    if (this.root === undefined || isHearsay(this.root.error)) await this.rootKnown()
    return this.root?.error ?? error
  }

  cancel(reason?: unknown): Promise<void> {
    if (this.ending === undefined) {
      this.cancelled = { error: new CancelledError('the run was cancelled', reason === undefined ? {} : { cause: reason }) }
    }
    return this.end()
  }

  /** Ends the run, however far it is; resolves when nothing of it is left. */
  end(): Promise<void> {
    this.ending ??= this.close()
    return this.ending
  }

  stats(): RunStats {
    const elapsedMs = this.started ? (this.endedMs ?? systemClock.now()) - this.startedMs : 0
    return { workers: this.workers, rowsOut: this.rowsOut, elapsedMs, ...this.progress.totals() }
  }

  /** What participants hold that should hold nothing: counts by participant and kind. */
  get leftovers(): Record<string, number> {
    if (this.ending === undefined) return { '0.runs': 1 }
    const held = this.mesh === undefined ? [] : [[0, this.mesh.session.census()] as const, ...this.censuses]
    return Object.fromEntries(
      held.flatMap(([participant, census]) =>
        Object.entries(census)
          .filter(([, count]) => count !== 0)
          .map(([kind, count]) => [`${participant}.${kind}`, count]),
      ),
    )
  }

  /** What may become known only after the last row. */
  private get lateFailure(): { readonly error: unknown } | undefined {
    return this.excess ?? (this.isFull ? undefined : this.conflict)
  }

  private get isFull(): boolean {
    return this.rowsOut >= this.limit
  }

  private get limit(): number {
    const { output } = this.plan.stages[this.plan.stages.length - 1]
    return output.exchange === 'gather' && output.limit !== undefined ? output.limit : Number.POSITIVE_INFINITY
  }

  private trim(batch: Batch): Row[] {
    const wanted = this.limit - this.rowsOut
    const rows = wanted >= batch.rowCount ? batch.rows() : Array.from({ length: wanted }, (_none, index) => batch.row(index))
    this.rowsOut += rows.length
    return rows
  }

  private async open(): Promise<void> {
    const { options } = this
    this.sweep()
    await this.sinks.prepare()
    if (this.ending !== undefined) return
    this.pool ??= createPool({ workers: options.workers, kind: options.kind, ringBytes: options.ringBytes })
    const { pool } = this.pool
    const ids = (await pool.allReady()).map((worker) => worker.id)
    if (this.ending !== undefined) return
    this.workers = this.pool.workers === 0 ? 0 : ids.length
    const topology = new Topology(this.plan, ids.length)
    this.mesh = this.createMesh(ids, topology)
    this.setImporting(this.workers === 0)
    for (const [index, id] of ids.entries()) this.runs.push(this.follow(id, index + 1))
    this.gather = this.openGather(this.mesh, topology)
  }

  /** Removes what crashes left in a folder of the user's own; the pool looks in that of the system when it starts. */
  private sweep(): void {
    const { spill } = this.options
    if (spill !== undefined && spill.folder !== tmpdir()) this.swept = sweepSpillFolders(spill.folder)
  }

  /** While the stages are imported in this thread, waiting for rows does not hold the event loop open. */
  private setImporting(importsHere: boolean): void {
    if (this.importsHere === importsHere) return
    this.importsHere = importsHere
    this.pool?.pool.hold.change(importsHere ? -1 : 1)
  }

  private createMesh(workers: readonly ParticipantId[], topology: Topology): QueryMesh {
    const { memoryBytes, spill, cwd, ringBytes } = this.options
    const { pool } = this.pool as FlowPool
    const io = this.workers === 0 ? 'async' : 'sync'
    const terms: QueryTerms = { plan: this.plan, workers: workers.length, memoryBytes, spill, cwd, sinks: this.sinks.terms, io }
    const mesh = pool.createMesh(
      { workers, pairs: topology.pairs, ringBytes, plan: terms },
      { sourceFailed: (error) => this.learn(error), stall: this.stall() },
    )
    for (const stage of this.plan.stages) {
      const source = leaderSource(stage, topology, this.options, this.sinks.resumed)
      if (source === undefined) continue
      this.sources.push(source)
      mesh.session.register(source)
    }
    mesh.session.seal()
    return mesh
  }

  /** What a listener throws fails the run. */
  private stall(): StallOptions | undefined {
    const { stall } = this.options
    return stall && { ...stall, onStall: (report) => this.guard(() => stall.onStall(report)) }
  }

  private openGather({ session }: QueryMesh, topology: Topology): Gather {
    const { last } = topology
    const inbounds: Inbound[] = topology
      .members(last)
      .map((sender) => session.request(topology.outputId(last.id, sender), { delivery: 'flows', name: nameOf(last.id) }))
    return new Gather(new ExchangeInput(nameOf(last.id), inbounds, this.int32))
  }

  /** The call that is one worker's run of the query: its events, and in the end its root error. */
  private async follow(worker: ParticipantId, participant: number): Promise<void> {
    const { client } = this.pool as FlowPool
    try {
      const run = client.call(worker, 0, encodeInput({ mesh: (this.mesh as QueryMesh).id }), { background: true })
      for (let message = await run.next(); message !== undefined; message = await run.next()) {
        const events = new ValueReader(message)
        while (events.hasMore) this.guard(() => this.happened(participant, events.next() as QueryEvent))
      }
    } catch (error) {
      this.learn(error)
    }
  }

  /** What `onLog` throws fails the run; the events are read to their end in any case. */
  private guard(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.learn(error)
    }
  }

  private happened(participant: number, event: QueryEvent): void {
    if (event.kind === 'progress') this.progressed(participant, event.progress)
    else if (event.kind === 'log') this.options.onLog(new ValueReader(event.record).next() as LogRecord)
    else if (event.kind === 'imported') this.setImporting(false)
    else if (event.kind === 'failed') this.learn(decodeError(event.error))
    else if (event.kind === 'columns') this.compare(event.stage, event.schema)
    else if (event.kind === 'ended') this.censuses.set(participant, event.census)
    else this.sinks.told(event)
  }

  /** More rows left out than allowed end the run; where a worker tells of them with its last report, `finish` does. */
  private progressed(participant: number, progress: WorkerProgress): void {
    this.progress.set(participant, progress)
    const error = this.progress.excess()
    if (error === undefined) return
    this.excess ??= { error }
    this.learn(error)
  }

  /** Workers whose rows never meet do not see that they hold one column with different types: they are compared here. */
  private compare(stage: number, schema: Schema): void {
    try {
      this.schemas.set(stage, unify(this.schemas.get(stage) ?? [], schema, nameOf(stage)))
    } catch (error) {
      this.conflict ??= { error }
    }
  }

  /** An error of a worker's run, or of a source here. The first root ends the run; what comes after the end does not count. */
  private learn(error: unknown): void {
    if (this.ending !== undefined || (this.root !== undefined && rankHere(this.root.error) <= rankHere(error))) return
    this.root = { error }
    const isRoot = rankOf(error) === RANK.root
    if (isRoot || (error instanceof PeerLostError && !isHearsay(error))) this.resolveRoot()
    if (isRoot) this.gather?.close()
  }

  private async rootKnown(): Promise<void> {
    const hold = this.pool?.pool.hold
    hold?.change(1)
    await new Promise<void>((resolve) => {
      const cancel = systemClock.schedule(resolve, ROOT_WAIT_MS)
      this.resolveRoot = () => {
        cancel()
        resolve()
      }
    })
    hold?.change(-1)
  }

  private async close(): Promise<void> {
    this.options.signal?.removeEventListener('abort', this.onAbort)
    const { pool } = this
    const hold = pool?.pool.hold
    this.setImporting(false)
    hold?.change(1)
    try {
      this.gather?.close()
      await this.mesh?.session.end()
      await Promise.all([...this.runs, ...this.sources.map((source) => source.idle())])
      await this.swept
      await this.sinks.settle(this.hasAllRows && this.lateFailure === undefined, this.runs.length, this.root)
      if (this.ownsPool) await pool?.close()
    } finally {
      hold?.change(-1)
      this.endedMs = systemClock.now()
    }
  }
}

/** A worker tells that another is gone: the leader will know why. */
function isHearsay(error: unknown): boolean {
  return error instanceof PeerLostError && hasTravelled(error)
}

function rankHere(error: unknown): number {
  return isHearsay(error) ? RANK.consequence : rankOf(error)
}

function nameOf(stage: number): string {
  return `the rows of stage ${stage}`
}
