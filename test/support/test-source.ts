import { logicalId, type ParticipantId, type PhysicalStreamId, participantId, physicalId } from '../../src/base/ids.js'
import type { Sink } from '../../src/stream/sink.js'
import type { SourceTask, StreamSource } from '../../src/stream/source-task.js'

export const P: (value: number) => ParticipantId = participantId

export function streamId(logical: number, sender: number): PhysicalStreamId {
  return physicalId(logicalId(logical), participantId(sender))
}

export interface TestSourceOptions {
  readonly receivers?: readonly number[]
  readonly delivery?: 'calls' | 'flows'
}

/** A source that counts its runs. */
export class TestSource implements StreamSource {
  runs = 0
  disposed = 0
  task: SourceTask | undefined
  readonly receivers: readonly ParticipantId[]
  readonly delivery: 'calls' | 'flows'

  constructor(
    readonly id: PhysicalStreamId,
    private readonly produce: (task: SourceTask) => Promise<void>,
    options: TestSourceOptions = {},
  ) {
    this.receivers = (options.receivers ?? [0]).map(participantId)
    this.delivery = options.delivery ?? 'calls'
  }

  async run(task: SourceTask): Promise<void> {
    this.runs++
    this.task = task
    await this.produce(task)
  }

  dispose(): void {
    this.disposed++
  }
}

/** Resolves when the sink is hungry; false: it is closed. */
export async function hungry(task: SourceTask, sink: Sink = task.sinks[0]): Promise<boolean> {
  while (!sink.isHungry && !sink.isClosed) await task.changed()
  return !sink.isClosed
}

/** Writes each message to all sinks once some live one is hungry, as the gate demands. */
export function gated(messages: Iterable<Uint8Array>): (task: SourceTask) => Promise<void> {
  return async (task) => {
    for (const message of messages) {
      while (!task.isCancelled && !task.sinks.some((sink) => sink.isHungry)) await task.changed()
      if (task.isCancelled) return
      for (const sink of task.sinks) if (!sink.isClosed) sink.write(message)
    }
  }
}

/** Writes everything at once. */
export function eager(messages: Iterable<Uint8Array>): (task: SourceTask) => Promise<void> {
  return async (task) => {
    for (const message of messages) for (const sink of task.sinks) sink.write(message)
  }
}

/** A message of `length` bytes that tells its number. */
export function message(length: number, number = 0): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at++) bytes[at] = (number * 31 + at * 7) & 0xff
  return bytes
}

export function messages(count: number, length: number): Uint8Array[] {
  return Array.from({ length: count }, (_, number) => message(length, number))
}
