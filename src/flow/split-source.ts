import type { ParticipantId, PhysicalStreamId } from '../base/ids.js'
import type { SourceActivity, SourceTask, StreamSource } from '../stream/source-task.js'
import type { FileInputPlan } from './plan.js'
import { enumerateSplits, type Resumed } from './sources/enumerate.js'
import type { Split } from './sources/split.js'

export interface SplitSourceOptions {
  readonly id: PhysicalStreamId
  readonly stage: number
  readonly receivers: readonly ParticipantId[]
  readonly input: FileInputPlan
  readonly cwd: string
  readonly resumed: Resumed | undefined
}

/**
 * Hands out the splits of one stage, from the leader: one to whoever waits for one. A worker asks for the next when it begins one, so
 * each holds one in advance, and the fast get more.
 */
export class SplitSource implements StreamSource {
  readonly id: PhysicalStreamId
  readonly receivers: readonly ParticipantId[]
  readonly delivery = 'flows'
  private execution: Promise<void> | undefined
  private isAtHand = false

  constructor(private readonly options: SplitSourceOptions) {
    this.id = options.id
    this.receivers = options.receivers
  }

  run(task: SourceTask): Promise<void> {
    const { input, cwd, resumed } = this.options
    this.execution = this.handOut(task, enumerateSplits(input, { cwd, resumed }))
    return this.execution
  }

  dispose(): void {}

  /** Resolves when it looks for files no more; to be asked once its session has ended. */
  async idle(): Promise<void> {
    await this.execution?.catch(() => {})
  }

  describe(): SourceActivity {
    const waitsFor = this.isAtHand ? 'a worker that has none' : undefined
    return { name: `the source of the splits of stage ${this.options.stage}`, waitsFor }
  }

  private async handOut(task: SourceTask, splits: AsyncIterable<Split>): Promise<void> {
    let turn = 0
    for await (const split of splits) {
      this.isAtHand = true
      let receiver = nextStarving(task, turn)
      while (receiver < 0) {
        if (task.isCancelled) return
        await task.changed()
        receiver = nextStarving(task, turn)
      }
      this.isAtHand = false
      turn = receiver + 1
      task.sinks[receiver].write(encodeSplit(split))
      task.flush()
    }
  }
}

function nextStarving(task: SourceTask, from: number): number {
  const { sinks } = task
  for (let step = 0; step < sinks.length; step++) {
    const index = (from + step) % sinks.length
    if (sinks[index].isStarving) return index
  }
  return -1
}

function encodeSplit(split: Split): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(split))
}

export function decodeSplit(message: Uint8Array): Split {
  return JSON.parse(new TextDecoder().decode(message)) as Split
}
