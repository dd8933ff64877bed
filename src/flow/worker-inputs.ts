import { NO_INT32 } from '../columnar/int32-columns.js'
import { ExchangeInput } from '../exchange/exchange-input.js'
import { Gather } from '../exchange/gather.js'
import { OrderedMerge } from '../exchange/ordered-merge.js'
import type { Session } from '../stream/session.js'
import { comparatorOf } from './operators/compare.js'
import { maySendInt32 } from './operators/int32-behind.js'
import type { SkippedRows } from './operators/skipped-rows.js'
import type { ExchangeInputPlan, FileInputPlan, RowsInputPlan, StagePlan } from './plan.js'
import type { QueryTerms, WorkerProgress } from './query-events.js'
import { GatherInput, GivenRows, MergeInput, type TypedInput } from './row-input.js'
import { openSource, withClose } from './sources/open-source.js'
import type { SourceCursor } from './sources/source-cursor.js'
import { decodeSplit } from './split-source.js'
import type { Topology } from './topology.js'

/** What the stages of one worker read from others: splits, given rows, exchanges. */
export class WorkerInputs {
  private readonly sources: Pick<SourceCursor, 'rowsRead' | 'bytesRead' | 'splitsDone'>[] = []

  constructor(
    private readonly session: Session,
    private readonly topology: Topology,
    private readonly terms: Pick<QueryTerms, 'cwd' | 'io'>,
  ) {}

  /** `skips` takes the rows of files that cannot be read; undefined: they end the run. */
  async open(stage: number, input: FileInputPlan | RowsInputPlan | ExchangeInputPlan, skips: SkippedRows | undefined): Promise<TypedInput> {
    if (input.kind === 'exchange') return this.exchange(input)
    return input.kind === 'rows' ? this.givenRows(stage, input) : this.fileInput(stage, input, skips)
  }

  /** What earlier stages send. */
  exchange({ stages, merge }: ExchangeInputPlan): TypedInput {
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

  /** What other stages send to this one for joins and statements, by their number. */
  rights({ operators }: StagePlan): (sender: number) => TypedInput {
    const senders = operators.flatMap((operator) => {
      if (operator.op === 'join') return [operator.right]
      return operator.op === 'sql' ? operator.tables.flatMap(({ stage }) => stage ?? []) : []
    })
    const inputs = new Map(senders.map((sender) => [sender, this.exchange({ kind: 'exchange', stages: [sender] })]))
    return (sender) => inputs.get(sender) as TypedInput
  }

  get splitsDone(): number {
    let done = 0
    for (const source of this.sources) done += source.splitsDone
    return done
  }

  /** What was read so far. */
  totals(): Pick<WorkerProgress, 'rowsIn' | 'bytesIn' | 'splitsDone'> {
    let rowsIn = 0
    let bytesIn = 0
    for (const source of this.sources) {
      rowsIn += source.rowsRead
      bytesIn += source.bytesRead
    }
    return { rowsIn, bytesIn, splitsDone: this.splitsDone }
  }

  private givenRows(stage: number, input: RowsInputPlan): TypedInput {
    const name = `the rows of input ${JSON.stringify(input.name)}`
    const inbound = this.session.request(this.topology.splitsId(stage), { delivery: 'flows', name })
    const rows = new GivenRows(new Gather(new ExchangeInput(name, [inbound])))
    this.sources.push(rows)
    return rows
  }

  private async fileInput(stage: number, input: FileInputPlan, skips: SkippedRows | undefined): Promise<TypedInput> {
    const name = `the splits of stage ${stage}`
    const splits = this.session.request(this.topology.splitsId(stage), { delivery: 'flows', name })
    const source = await openSource(input, {
      cwd: this.terms.cwd,
      io: this.terms.io,
      skips,
      nextSplit: async () => {
        const message = await splits.next()
        return message === undefined ? undefined : decodeSplit(message)
      },
    })
    this.sources.push(source)
    return withClose(source, () => splits.cancel())
  }
}
