import { NO_INT32 } from '../columnar/int32-columns.js'
import { openSkips, type SkippedRows } from './operators/skipped-rows.js'
import type { StageEnvironment } from './operators/stage-call.js'
import { failingOf, type StagePlan } from './plan.js'
import type { SinkPlan } from './sink-plan.js'
import { openWriter } from './sinks/open-writer.js'
import type { PartWriter, SinkHost } from './sinks/part-writer.js'

/** What takes the rows that the source of a stage cannot read; undefined where they end the run. */
export async function sourceSkips(
  stage: StagePlan,
  environment: Pick<StageEnvironment, 'worker' | 'log'>,
  host: SinkHost,
): Promise<SkippedRows | undefined> {
  const source = failingOf(stage).find(({ place }) => place === 'read')
  if (source === undefined) return undefined
  const writerOf = async (sink: SinkPlan): Promise<PartWriter> => {
    const { writer } = await openWriter(sink, { where: `stage ${stage.id} onError ${sink.path}`, int32: NO_INT32 }, host)
    return writer
  }
  return openSkips(source.failing, source.name, { environment, writerOf })
}
