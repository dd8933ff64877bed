import { assert } from '../../base/assert.js'
import type { SinkPlan } from '../sink-plan.js'
import { encoderOf, type WrittenRows } from './encoders.js'
import { PartWriter, type SinkHost } from './part-writer.js'
import { SplitParts } from './split-parts.js'

/** A sink's writer, with what it is told of splits. */
export type OpenWriter = Pick<SplitParts, 'writer' | 'endSplit'>

/** What writes to a sink in a worker. */
export async function openWriter(sink: SinkPlan, rows: WrittenRows, host: SinkHost | undefined): Promise<OpenWriter> {
  assert(host !== undefined, `${rows.where}: the worker can write`)
  const encoder = await encoderOf(sink, rows)
  if (sink.parts?.resume !== undefined) return new SplitParts(sink, encoder, host)
  return { writer: new PartWriter(sink, encoder, host), endSplit: () => {} }
}
