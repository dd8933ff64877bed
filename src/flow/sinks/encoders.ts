import { CsvEncoder } from './csv-encoder.js'
import { JsonEncoder } from './json-encoder.js'
import { BLOCK_BYTES, type RowEncoder } from './row-encoder.js'
import type { SinkPlan } from './sink-plan.js'

/** What makes the bytes of a sink's files. `where` begins its messages. */
export async function encoderOf(sink: SinkPlan, where: string): Promise<RowEncoder> {
  const blockBytes = Math.min(BLOCK_BYTES, sink.parts?.bytes ?? BLOCK_BYTES)
  switch (sink.kind) {
    case 'jsonl':
      return new JsonEncoder(blockBytes)
    case 'csv':
      return new CsvEncoder({ where, columns: sink.columns, delimiter: sink.delimiter, blockBytes })
  }
}
