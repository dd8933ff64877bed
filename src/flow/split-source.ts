import type { ParticipantId, PhysicalStreamId } from '../base/ids.js'
import type { SourceTask, StreamSource } from '../stream/source-task.js'
import type { FileInputPlan } from './plan.js'
import { enumerateSplits } from './sources/enumerate.js'
import type { Split } from './sources/split.js'

/**
 * Hands out the splits of one stage, from the leader: one to whoever waits for one. A worker asks for the next when it begins one, so
 * each holds one in advance, and the fast get more.
 */
export function splitSource(
  id: PhysicalStreamId,
  name: string,
  receivers: readonly ParticipantId[],
  input: FileInputPlan,
  cwd: string,
): StreamSource {
  return {
    id,
    receivers,
    delivery: 'flows',
    run: (task) => handOut(task, enumerateSplits(input, { cwd })),
    dispose: () => {},
    describe: () => ({ name }),
  }
}

async function handOut(task: SourceTask, splits: AsyncIterable<Split>): Promise<void> {
  let turn = 0
  for await (const split of splits) {
    let receiver = nextStarving(task, turn)
    while (receiver < 0) {
      if (task.isCancelled) return
      await task.changed()
      receiver = nextStarving(task, turn)
    }
    turn = receiver + 1
    task.sinks[receiver].write(encodeSplit(split))
    task.flush()
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
