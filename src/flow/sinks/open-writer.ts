import { assert } from '../../base/assert.js'
import type { SinkPlan } from '../plan.js'
import { encoderOf } from './encoders.js'
import { PartWriter, type SinkHost } from './part-writer.js'
import { SplitParts } from './split-parts.js'

/** A sink's writer, with what it is told of splits. */
export type OpenWriter = Pick<SplitParts, 'writer' | 'endSplit'>

/** What writes to a sink in a worker. `where` begins messages of its encoder. */
export async function openWriter(sink: SinkPlan, where: string, host: SinkHost | undefined): Promise<OpenWriter> {
  assert(host !== undefined, `${where}: the worker can write`)
  const encoder = await encoderOf(sink, where)
  if (sink.parts?.resume !== undefined) return new SplitParts(sink, encoder, host)
  return { writer: new PartWriter(sink, encoder, host), endSplit: () => {} }
}
