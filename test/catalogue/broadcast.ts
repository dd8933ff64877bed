import { participantId } from '../../src/base/ids.js'
import { BatchBuilder } from '../../src/columnar/builder.js'
import { BatchEncoder } from '../../src/columnar/encode.js'
import type { Row } from '../../src/columnar/schema.js'
import { Shape } from '../../src/columnar/shape.js'
import { Gate, type GatedOutput } from '../../src/exchange/gate.js'
import type { SourceTask, StreamSource } from '../../src/stream/source-task.js'
import { streamId } from '../support/test-source.js'

const ROWS_PER_BATCH = 5

/** A source that gives every row to all its receivers, behind the real gate. */
export function broadcast(
  at: { logical: number; self: number; receivers: readonly number[] },
  rows: readonly Row[],
  queueBytes: number,
): StreamSource {
  const name = `stage ${at.logical}`
  const run = async (task: SourceTask): Promise<void> => {
    const builder = new BatchBuilder(new Shape({ stage: name }))
    const encoder = new BatchEncoder()
    const flush = () => {
      if (builder.rowCount === 0) return
      const message = encoder.encode(builder)
      for (const sink of task.sinks) if (!sink.isClosed) sink.write(message)
    }
    const output: GatedOutput = {
      name,
      flush,
      get queuedBytes() {
        return task.sinks.reduce((sum, sink) => sum + sink.queuedBytes, builder.byteSize)
      },
      spilledBytes: 0,
      canSpill: false,
      refill: () => {},
      finishUnspilled: () => {},
    }
    const gate = new Gate(task, output, queueBytes)
    for (const row of rows) {
      if (builder.rowCount < ROWS_PER_BATCH) {
        builder.append(row)
        continue
      }
      flush()
      builder.append(row)
      task.flush()
      if (!(await gate.opened())) return
    }
    flush()
  }
  return { id: streamId(at.logical, at.self), receivers: at.receivers.map(participantId), delivery: 'flows', run, dispose: () => {} }
}
