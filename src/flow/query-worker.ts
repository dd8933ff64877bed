import { systemClock } from '../base/clock.js'
import { LEADER } from '../base/ids.js'
import { Slice } from '../base/slice.js'
import { encodeValue } from '../call/value-writer.js'
import { gatherRouter, hashRouter, type Route, roundRobinRouter } from '../exchange/router.js'
import { Spill } from '../exchange/spill.js'
import { createSpillFolder } from '../exchange/spill-folder.js'
import type { QueryInvitation, WorkerSide } from '../mesh/worker-side.js'
import { encodeError, hasTravelled, RANK, rankOf } from '../stream/error-payload.js'
import type { Session } from '../stream/session.js'
import { Fork, ForkBranch } from './fork.js'
import { importStages } from './import-guard.js'
import { int32Through } from './operators/int32-behind.js'
import { buildPipeline } from './operators/pipeline.js'
import type { SkippedRows } from './operators/skipped-rows.js'
import type { StageEnvironment } from './operators/stage-call.js'
import type { StagePlan } from './plan.js'
import { type QueryEvent, type QueryTerms, skipKey, type WorkerProgress } from './query-events.js'
import { resolveReducer } from './reducer.js'
import { StageInputs, type TypedInput } from './row-input.js'
import { operatorShare, queueShare } from './shares.js'
import type { SinkHost } from './sinks/part-writer.js'
import { SystemDisk } from './sinks/sink-disk.js'
import { sourceSkips } from './source-skips.js'
import { resolveStage } from './stage-function.js'
import { StageRun, type StageRunOptions } from './stage-run.js'
import { Topology } from './topology.js'
import { WorkerInputs } from './worker-inputs.js'

const SLICE_MS = 1
const ERROR_BYTES_MAX = 0x1_0000

/** One worker's part in one query: its session in the query's mesh, and the stages that it runs. */
export class QueryWorker {
  private readonly session: Session
  private readonly terms: QueryTerms
  private readonly topology: Topology
  private readonly inputs: WorkerInputs
  /** By stage. */
  private readonly forks = new Map<number, Fork>()
  private readonly stages: StageRun[] = []
  private readonly events: QueryEvent[] = []
  private readonly spill: Spill | undefined
  private readonly sinkDisk = new SystemDisk()
  private wake: (() => void) | undefined
  /** Splits and rows left out, as they were told last. */
  private reported = 0
  private readonly skips = new Map<string, SkippedRows>()
  private readonly controllers: AbortController[] = []
  private hasFailed = false
  private isOver = false

  constructor(
    side: WorkerSide,
    private readonly invitation: QueryInvitation,
  ) {
    this.terms = invitation.plan as QueryTerms
    const { spill } = this.terms
    this.spill = spill && new Spill(createSpillFolder(spill.folder), spill.limitBytes)
    this.topology = new Topology(this.terms.plan, this.terms.workers)
    this.session = side.join(invitation, {
      sourceFailed: (error) => this.failed(error),
      peerEnding: (peer) => {
        if (peer === LEADER) void this.end()
      },
    })
    this.inputs = new WorkerInputs(this.session, this.topology, this.terms)
    void this.session.ended.then(() => this.over())
  }

  /** Runs it; the events are for the leader, of errors too. Ends when the leader ends the query and nothing of it runs here any more. */
  async *run(): AsyncGenerator<QueryEvent> {
    try {
      void this.plan()
      for (;;) {
        yield* this.drain()
        if (this.isOver) break
        await this.more()
      }
      await Promise.all(this.stages.map((stage) => stage.idle()))
      yield* this.drain()
      yield { kind: 'progress', progress: this.progress() }
      yield {
        kind: 'ended',
        census: { ...this.session.census(), spillFiles: this.spill?.openFiles ?? 0, sinkFiles: this.sinkDisk.openFiles },
      }
    } finally {
      void this.end()
    }
  }

  /** Resolves when there is something to tell, or was since the last event went out. */
  private more(): Promise<void> {
    if (this.events.length > 0 || this.isOver) return Promise.resolve()
    return new Promise((resolve) => {
      this.wake = resolve
    })
  }

  /** What there is to tell: while one event is on its way out, others come. */
  private *drain(): Generator<QueryEvent> {
    for (let event = this.events.shift(); event !== undefined; event = this.events.shift()) yield event
  }

  /** Ends this worker's session of the query. */
  end(): Promise<void> {
    return this.session.end()
  }

  private over(): void {
    this.isOver = true
    // A `setup` may still wait for something.
    for (const controller of this.controllers) controller.abort()
    for (const fork of this.forks.values()) fork.close()
    this.notify()
  }

  private notify(): void {
    const wake = this.wake
    this.wake = undefined
    wake?.()
  }

  private emit(event: QueryEvent): void {
    this.events.push(event)
    this.notify()
  }

  /** Planning or a stage threw: the leader is told of roots; of what came from elsewhere it hears from there. */
  private failed(error: unknown): void {
    const rank = rankOf(error)
    if (this.hasFailed || !this.session.isOpen || rank === RANK.consequence || hasTravelled(error)) return
    this.hasFailed = true
    this.emit({ kind: 'failed', error: encodeError(error, rank, ERROR_BYTES_MAX) })
  }

  private async plan(): Promise<void> {
    try {
      const namespace = await importStages(this.terms.plan.module)
      this.emit({ kind: 'imported' })
      for (const stage of this.topology.plan.stages) {
        if (this.topology.runsOn(stage, this.invitation.self)) await this.planStage(stage, namespace)
      }
      this.session.seal()
    } catch (error) {
      this.failed(error)
      this.session.seal(error)
    }
  }

  /** One stage is a source of its own, or what other ones fork from. */
  private async planStage(stage: StagePlan, namespace: Readonly<Record<string, unknown>>): Promise<void> {
    const input = await this.input(stage)
    // What forks is pulled in the slice of whoever pulls it.
    const slice = input instanceof ForkBranch ? input.slice : new Slice(systemClock, SLICE_MS)
    const inputs = new StageInputs(input)
    const planned: { reader: StageRun | Fork | undefined } = { reader: undefined }
    const rightOf = this.inputs.rights(stage)
    const int32 = int32Through(stage.operators, input.int32, (sender) => rightOf(sender).int32)
    const controller = new AbortController()
    this.controllers.push(controller)
    const location = 'current' in input ? input : undefined
    const environment: StageEnvironment = {
      ...this.logger,
      signal: controller.signal,
      cancelled: () => planned.reader?.isCancelled ?? controller.signal.aborted,
      ...(location && { location }),
    }
    const pipeline = await buildPipeline(stage, {
      resolve: (ref) => resolveStage(namespace, ref),
      resolveReducer: (ref) => resolveReducer(namespace, ref),
      input,
      inputSkips: this.skips.get(skipKey(stage.id, 'read')),
      int32,
      right: (sender) => inputs.beside(rightOf(sender)),
      environment,
      waits: inputs.calls,
      skipped: (operator, rows) => this.skips.set(skipKey(stage.id, operator), rows),
      budgetBytes: operatorShare(this.terms.memoryBytes),
      spill: this.spill,
      sinks: this.sinkHost(),
      slice,
    })
    const work = { pipeline, inputs, int32: int32.at(-1), slice, controller }
    const reader = stage.output.exchange === 'fork' ? new Fork({ ...work, location }, stage.output.to) : this.stageRun(stage, work)
    planned.reader = reader
    if (input instanceof ForkBranch) input.reader = reader
    if (reader instanceof Fork) this.forks.set(stage.id, reader)
    else this.session.register(reader)
  }

  private async input(stage: StagePlan): Promise<TypedInput> {
    const { id, input } = stage
    if (input.kind === 'fork') return (this.forks.get(input.stage) as Fork).branchOf(id)
    return this.inputs.open(id, input, await this.openInputSkips(stage))
  }

  /** What takes the rows that the source of the stage cannot read. */
  private async openInputSkips(stage: StagePlan): Promise<SkippedRows | undefined> {
    const skips = await sourceSkips(stage, this.logger, this.sinkHost())
    if (skips !== undefined) this.skips.set(skipKey(stage.id, 'read'), skips)
    return skips
  }

  private stageRun(stage: StagePlan, work: Pick<StageRunOptions, 'pipeline' | 'inputs' | 'int32' | 'slice' | 'controller'>): StageRun {
    const { pipeline, inputs, int32, slice, controller } = work
    // Not `...work`: V8 gave each such object a hidden class of its own, and threw away what was optimized for the one before.
    const run = new StageRun({
      pipeline,
      inputs,
      int32,
      slice,
      controller,
      id: this.topology.outputId(stage.id, this.invitation.self),
      receivers: this.topology.receivers(stage),
      name: `stage ${stage.id}`,
      tellsColumns: this.topology.isTable(stage),
      route: this.route(stage),
      queueBytes: queueShare(this.terms.memoryBytes),
      spill: this.spill,
      progressed: () => this.report(),
      finished: (schema) => this.emit({ kind: 'columns', stage: stage.id, schema }),
    })
    this.stages.push(run)
    return run
  }

  private get logger(): Pick<StageEnvironment, 'worker' | 'log'> {
    const worker = this.terms.io === 'async' ? LEADER : this.invitation.self
    return { worker, log: (record) => this.emit({ kind: 'log', record: encodeValue(record) }) }
  }

  private sinkHost(): SinkHost {
    const { cwd, sinks } = this.terms
    return { cwd, ...sinks, worker: this.invitation.self, disk: this.sinkDisk, tell: (event) => this.emit(event) }
  }

  private route(stage: StagePlan): Route {
    const { output } = stage
    const receivers = this.topology.receivers(stage).length
    if (output.exchange === 'hash') return hashRouter(output.keys, receivers)
    if (output.exchange === 'roundRobin') return roundRobinRouter(receivers, this.invitation.self)
    return output.exchange === 'broadcast' ? 'broadcast' : gatherRouter
  }

  private report(): void {
    // Asked a thousand times a second: both only ever grow.
    let news = this.inputs.splitsDone
    for (const { count } of this.skips.values()) news += count
    if (news === this.reported) return
    this.reported = news
    this.emit({ kind: 'progress', progress: this.progress() })
  }

  private progress(): WorkerProgress {
    const sentBytes = Object.fromEntries(this.session.peerIds.map((peer) => [peer, this.session.publishedBytes(peer)]))
    const skipped = Object.fromEntries([...this.skips].map(([place, rows]) => [place, rows.count]))
    return { ...this.inputs.totals(), skipped, spilledBytes: this.spill?.writtenBytes ?? 0, sentBytes }
  }
}
