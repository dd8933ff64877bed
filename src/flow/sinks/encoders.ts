import type { Int32Columns } from '../../columnar/int32-columns.js'
import type { SinkPlan } from '../sink-plan.js'
import { CsvEncoder } from './csv-encoder.js'
import { JsonEncoder } from './json-encoder.js'
import { BLOCK_BYTES, type RowEncoder } from './row-encoder.js'

/** What is known of the rows that a sink gets. */
export interface WrittenRows {
  /** Begins messages about them. */
  readonly where: string
  readonly int32: Int32Columns
}

/** What makes the bytes of a sink's files. */
export async function encoderOf(sink: SinkPlan, { where, int32 }: WrittenRows): Promise<RowEncoder> {
  const blockBytes = Math.min(BLOCK_BYTES, sink.parts?.bytes ?? BLOCK_BYTES)
  switch (sink.kind) {
    case 'jsonl':
      return new JsonEncoder(blockBytes)
    case 'csv':
      return new CsvEncoder({ where, columns: sink.columns, delimiter: sink.delimiter, blockBytes })
    case 'arrow': {
      // Only who writes Arrow waits for it to be loaded.
      const { ArrowRowEncoder } = await import('./arrow-row-encoder.js')
      return new ArrowRowEncoder({ where, format: 'file', columns: sink.columns, int32, blockBytes })
    }
    case 'parquet': {
      // Only who writes Parquet waits for its writer to be loaded.
      const { ParquetEncoder } = await import('./parquet-encoder.js')
      return new ParquetEncoder(where, sink, int32)
    }
  }
}
