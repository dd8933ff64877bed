import { tmpdir } from 'node:os'
import { systemClock } from '../base/clock.js'
import { CancelledError, MillraceError } from '../base/errors.js'
import type { ParticipantId } from '../base/ids.js'
import { encodeInput } from '../call/input.js'
import { ValueReader } from '../call/value-reader.js'
import type { Int32Columns } from '../columnar/int32-columns.js'
import { type Schema, unify } from '../columnar/schema.js'
import { sweepSpillFolders } from '../exchange/spill-sweep.js'
import type { QueryMesh } from '../mesh/query-mesh.js'
import type { StallOptions } from '../mesh/stall-report.js'
import { decodeError } from '../stream/error-payload.js'
import type { LogRecord } from './ctx.js'
import { createPool, type FlowPool } from './flow-pool.js'
import { type LeaderSource, leaderSource } from './leader-source.js'
import type { Plan } from './plan.js'
import type { QueryEvent, QueryTerms, WorkerCensus, WorkerProgress } from './query-events.js'
import { type FlowRows, nameOf, Results } from './results.js'
import { RootError } from './root-error.js'
import type { RunStats } from './run.js'
import type { ResolvedRunOptions } from './run-options.js'
import { RunProgress } from './run-progress.js'
import { SinkRun } from './sinks/sink-run.js'
import { Topology } from './topology.js'

/** The leader's side of one run: makes the mesh, hands out splits, reads the rows, ends it all. */
export class Query {
  private readonly ownsPool: boolean
  private pool: FlowPool | undefined
  private mesh: QueryMesh | undefined
  private readonly results: Results
  private readonly runs: Promise<void>[] = []
  private readonly sources: LeaderSource[] = []
  private readonly progress: RunProgress
  private readonly sinks: SinkRun
  private hasAllRows = false
  private readonly failure = new RootError()
  private cancelled: { readonly error: CancelledError } | undefined
  private ending: Promise<void> | undefined
  private started = false
  private swept: Promise<void> | undefined
  private startedMs = 0
  private endedMs: number | undefined
  private workers = 0
  /** This thread imports the stages, and if nothing else is alive the module of the stages waits for itself. */
  private importsHere = false
  private readonly censuses = new Map<number, WorkerCensus>()
  private readonly schemas = new Map<number, Schema>()
  private excess: { readonly error: unknown } | undefined
  /** By stage. */
  private readonly conflicts = new Map<number, unknown>()
  private readonly onAbort = () => void this.cancel(this.options.signal?.reason)

  constructor(
    private readonly plan: Plan,
    private readonly options: ResolvedRunOptions,
  ) {
    this.progress = new RunProgress(plan)
    this.results = new Results(plan)
    this.ownsPool = options.pool === undefined
    this.pool = options.pool
    this.sinks = new SinkRun(plan, options)
  }

  private async start(): Promise<void> {
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

  /** The rows of the next batch of any flow; undefined at the end. */
  private async next(): Promise<FlowRows | undefined> {
    for (;;) {
      if (this.cancelled !== undefined) throw this.cancelled.error
      const { root } = this.failure
      if (root !== undefined) throw root.error
      const rows = this.results.give(this.sinks.takeKept()) ?? this.results.take()
      if (rows !== undefined || this.results.isDone) return rows
      await this.results.ready()
    }
  }

  /**
   * After the last row: ends the run, and gives what it wrote its names. Throws `ColumnType` where the rows of two workers that never met
   * have different types, and what `SinkRun.check` does.
   */
  private async finish(): Promise<void> {
    this.hasAllRows = true
    await this.end()
    if (this.lateFailure !== undefined) throw this.lateFailure.error
    this.sinks.check()
  }

  /** What to tell the user of an error. */
  private async failed(error: unknown): Promise<unknown> {
    if (this.cancelled !== undefined) return this.cancelled.error
    return this.failure.of(error, this.pool?.pool.hold)
  }

  /** All of it: starts, gives the rows, and ends. Throws what the run ended with. */
  async *batches(): AsyncGenerator<FlowRows, void, undefined> {
    try {
      await this.start()
      for (let rows = await this.next(); rows !== undefined; rows = await this.next()) yield rows
      await this.finish()
    } catch (error) {
      throw await this.failed(error)
    } finally {
      await this.end()
    }
  }

  cancel(reason?: unknown): Promise<void> {
    if (this.ending === undefined) {
      this.cancelled = { error: new CancelledError('the run was cancelled', reason === undefined ? {} : { cause: reason }) }
    }
    return this.end()
  }

  /** Ends the run, however far it is; resolves when nothing of it is left. */
  private end(): Promise<void> {
    this.ending ??= this.close()
    return this.ending
  }

  /** Which columns of the rows of its only flow are int32, so far. */
  get int32(): Int32Columns {
    return this.results.int32
  }

  stats(): RunStats {
    const elapsedMs = this.started ? (this.endedMs ?? systemClock.now()) - this.startedMs : 0
    return { workers: this.workers, rowsOut: this.results.rows, elapsedMs, ...this.progress.totals() }
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

  /** What may become known only after the last row. Where a limit ended a stage, it tells of types what it happened to see. */
  private get lateFailure(): { readonly error: unknown } | undefined {
    if (this.excess !== undefined) return this.excess
    for (const [stage, error] of this.conflicts) if (!this.results.isSatisfied(stage)) return { error }
    return undefined
  }

  private async open(): Promise<void> {
    const { options } = this
    this.sweep()
    await this.sinks.prepare()
    if (this.ending !== undefined) return
    this.pool ??= createPool({ workers: options.workers, kind: options.kind, ringBytes: options.ringBytes })
    const { pool } = this.pool
    const all = (await pool.allReady()).map((worker) => worker.id)
    if (this.ending !== undefined) return
    this.workers = this.pool.workers === 0 ? 0 : all.length
    // Who has no part in it is not asked to wait for its end.
    const ids = this.plan.stages.every(({ on }) => on === 'one') ? all.slice(0, 1) : all
    const topology = new Topology(this.plan, ids.length)
    this.mesh = this.createMesh(ids, topology)
    this.setImporting(this.workers === 0)
    for (const [index, id] of ids.entries()) this.runs.push(this.follow(id, index + 1))
    this.request(this.mesh, topology)
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

  private request({ session }: QueryMesh, topology: Topology): void {
    this.results.open(topology, (stage, sender, name) => session.request(topology.outputId(stage, sender), { delivery: 'flows', name }))
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
      if (!this.conflicts.has(stage)) this.conflicts.set(stage, error)
    }
  }

  /** An error of a worker's run, or of a source here. A root ends the run; what comes after the end does not count. */
  private learn(error: unknown): void {
    if (this.ending !== undefined) return
    this.failure.learn(error)
    if (this.failure.root !== undefined) this.results.close()
  }

  private async close(): Promise<void> {
    this.options.signal?.removeEventListener('abort', this.onAbort)
    const { pool } = this
    const hold = pool?.pool.hold
    this.setImporting(false)
    hold?.change(1)
    try {
      this.results.close()
      await this.mesh?.session.end()
      await Promise.all([...this.runs, ...this.sources.map((source) => source.idle())])
      await this.swept
      await this.sinks.settle(this.hasAllRows && this.lateFailure === undefined, this.runs.length, this.failure.nearest)
      if (this.ownsPool) await pool?.close()
    } finally {
      hold?.change(-1)
      this.endedMs = systemClock.now()
    }
  }
}
