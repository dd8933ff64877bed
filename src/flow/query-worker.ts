import { systemClock } from '../base/clock.js'
import { LEADER } from '../base/ids.js'
import { Slice } from '../base/slice.js'
import { encodeValue } from '../call/value-writer.js'
import { NO_INT32 } from '../columnar/int32-columns.js'
import { ExchangeInput } from '../exchange/exchange-input.js'
import { Gather } from '../exchange/gather.js'
import { OrderedMerge } from '../exchange/ordered-merge.js'
import { gatherRouter, hashRouter, type Route, roundRobinRouter } from '../exchange/router.js'
import { Spill } from '../exchange/spill.js'
import { createSpillFolder } from '../exchange/spill-folder.js'
import type { QueryInvitation, WorkerSide } from '../mesh/worker-side.js'
import { encodeError, hasTravelled, RANK, rankOf } from '../stream/error-payload.js'
import type { Session } from '../stream/session.js'
import { importStages } from './import-guard.js'
import { comparatorOf } from './operators/compare.js'
import { int32Through, maySendInt32 } from './operators/int32-behind.js'
import { buildPipeline } from './operators/pipeline.js'
import type { SkippedRows } from './operators/skipped-rows.js'
import type { StageEnvironment } from './operators/stage-call.js'
import type { ExchangeInputPlan, FileInputPlan, RowsInputPlan, StagePlan } from './plan.js'
import { type QueryEvent, type QueryTerms, skipKey, type WorkerProgress } from './query-events.js'
import { resolveReducer } from './reducer.js'
import { GatherInput, GivenRows, MergeInput, StageInputs, type TypedInput } from './row-input.js'
import type { SinkHost } from './sinks/part-writer.js'
import { SystemDisk } from './sinks/sink-disk.js'
import { sourceSkips } from './source-skips.js'
import { openSource, withClose } from './sources/open-source.js'
import type { SourceCursor } from './sources/source-cursor.js'
import { decodeSplit } from './split-source.js'
import { resolveStage } from './stage-function.js'
import { StageRun } from './stage-run.js'
import { Topology } from './topology.js'

const SLICE_MS = 1
/** Of a worker's memory, the part that its exchanges may queue; the rest is its operators'. */
const QUEUE_SHARE = 0.25
const ERROR_BYTES_MAX = 0x1_0000

/** One worker's part in one query: its session in the query's mesh, and the stages that it runs. */
export class QueryWorker {
  private readonly session: Session
  private readonly terms: QueryTerms
  private readonly topology: Topology
  private readonly sources: Pick<SourceCursor, 'rowsRead' | 'bytesRead' | 'splitsDone'>[] = []
  private readonly stages: StageRun[] = []
  private readonly events: QueryEvent[] = []
  private readonly spill: Spill | undefined
  private readonly sinkDisk = new SystemDisk()
  private wake: (() => void) | undefined
  private reported = ''
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
        if (this.topology.runsOn(stage, this.invitation.self)) this.session.register(await this.planStage(stage, namespace))
      }
      this.session.seal()
    } catch (error) {
      this.failed(error)
      this.session.seal(error)
    }
  }

  private async planStage(stage: StagePlan, namespace: Readonly<Record<string, unknown>>): Promise<StageRun> {
    const slice = new Slice(systemClock, SLICE_MS)
    const input = await this.input(stage)
    const inputs = new StageInputs(input)
    const rightOf = this.rightInputs(stage)
    const int32 = int32Through(stage.operators, input.int32, (sender) => rightOf(sender).int32)
    const run: { current: StageRun | undefined } = { current: undefined }
    const controller = new AbortController()
    this.controllers.push(controller)
    const environment: StageEnvironment = {
      ...this.logger,
      signal: controller.signal,
      cancelled: () => run.current?.isCancelled ?? controller.signal.aborted,
      ...('current' in input ? { location: input as SourceCursor } : {}),
    }
    const { spill } = this
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
      budgetBytes: this.terms.memoryBytes * (1 - QUEUE_SHARE),
      spill,
      sinks: this.sinkHost(),
      slice,
    })
    run.current = new StageRun({
      id: this.topology.outputId(stage.id, this.invitation.self),
      receivers: this.topology.receivers(stage),
      name: `stage ${stage.id}`,
      tellsColumns: this.topology.isTable(stage),
      inputs,
      pipeline,
      int32: int32.at(-1),
      slice,
      controller,
      route: this.route(stage),
      queueBytes: this.terms.memoryBytes * QUEUE_SHARE,
      spill,
      progressed: () => this.report(),
      finished: (schema) => this.emit({ kind: 'columns', stage: stage.id, schema }),
    })
    this.stages.push(run.current)
    return run.current
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

  private async input(stage: StagePlan): Promise<TypedInput> {
    const { input } = stage
    if (input.kind === 'exchange') return this.exchangeInput(input)
    return input.kind === 'rows' ? this.givenRows(stage, input) : this.fileInput(stage, input)
  }

  /** What other stages send here for joins and statements, by their number. */
  private rightInputs({ operators }: StagePlan): (sender: number) => TypedInput {
    const senders = operators.flatMap((operator) => {
      if (operator.op === 'join') return [operator.right]
      return operator.op === 'sql' ? operator.tables.flatMap(({ stage }) => stage ?? []) : []
    })
    const inputs = new Map(senders.map((sender) => [sender, this.exchangeInput({ kind: 'exchange', stages: [sender] })]))
    return (sender) => inputs.get(sender) as TypedInput
  }

  private givenRows(stage: StagePlan, input: RowsInputPlan): TypedInput {
    const name = `the rows of input ${JSON.stringify(input.name)}`
    const inbound = this.session.request(this.topology.splitsId(stage.id), { delivery: 'flows', name })
    const rows = new GivenRows(new Gather(new ExchangeInput(name, [inbound])))
    this.sources.push(rows)
    return rows
  }

  private exchangeInput({ stages, merge }: ExchangeInputPlan): TypedInput {
    const name = `the rows of stage ${stages.join(' and ')}`
    const inbounds = stages.flatMap((stage) =>
      this.topology
        .members(this.topology.plan.stages[stage])
        .map((sender) => this.session.request(this.topology.outputId(stage, sender), { delivery: 'flows', name })),
    )
    const input = new ExchangeInput(name, inbounds)
    const int32 = stages.every((stage) => maySendInt32(this.topology.plan, stage)) ? input.int32 : NO_INT32
    return merge === undefined
      ? new GatherInput(new Gather(input), int32)
      : new MergeInput(new OrderedMerge(input, comparatorOf(merge)), int32)
  }

  private async fileInput(stage: StagePlan, input: FileInputPlan): Promise<TypedInput> {
    const name = `the splits of stage ${stage.id}`
    const splits = this.session.request(this.topology.splitsId(stage.id), { delivery: 'flows', name })
    const source = await openSource(input, {
      cwd: this.terms.cwd,
      io: this.terms.io,
      skips: await this.openInputSkips(stage),
      nextSplit: async () => {
        const message = await splits.next()
        return message === undefined ? undefined : decodeSplit(message)
      },
    })
    this.sources.push(source)
    return withClose(source, () => splits.cancel())
  }

  private async openInputSkips(stage: StagePlan): Promise<SkippedRows | undefined> {
    const skips = await sourceSkips(stage, this.logger, this.sinkHost())
    if (skips !== undefined) this.skips.set(skipKey(stage.id, 'read'), skips)
    return skips
  }

  private report(): void {
    const progress = this.progress()
    const news = `${progress.splitsDone} ${Object.values(progress.skipped)}`
    if (news === this.reported) return
    this.reported = news
    this.emit({ kind: 'progress', progress })
  }

  private progress(): WorkerProgress {
    let rowsIn = 0
    let bytesIn = 0
    let splitsDone = 0
    for (const source of this.sources) {
      rowsIn += source.rowsRead
      bytesIn += source.bytesRead
      splitsDone += source.splitsDone
    }
    const sentBytes = Object.fromEntries(this.session.peerIds.map((peer) => [peer, this.session.publishedBytes(peer)]))
    const skipped = Object.fromEntries([...this.skips].map(([place, rows]) => [place, rows.count]))
    return { rowsIn, bytesIn, splitsDone, skipped, spilledBytes: this.spill?.writtenBytes ?? 0, sentBytes }
  }
}
