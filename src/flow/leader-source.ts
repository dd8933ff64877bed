import type { StagePlan } from './plan.js'
import { RowsSource } from './rows-source.js'
import type { ResolvedRunOptions } from './run-options.js'
import type { Resumed } from './sources/enumerate.js'
import { SplitSource } from './split-source.js'
import type { Topology } from './topology.js'

/** What the leader hands out to the workers of a stage. */
export type LeaderSource = SplitSource | RowsSource

/** What a stage reads from the leader, but what is `resumed`; undefined where it reads what other stages send. */
export function leaderSource(
  stage: StagePlan,
  topology: Topology,
  { inputs, cwd }: Pick<ResolvedRunOptions, 'inputs' | 'cwd'>,
  resumed: Resumed | undefined,
): LeaderSource | undefined {
  const { id, input } = stage
  if (input.kind === 'exchange' || input.kind === 'fork') return undefined
  const place = { id: topology.splitsId(id), receivers: topology.members(stage) }
  if (input.kind === 'rows') return new RowsSource({ ...place, name: input.name, rows: inputs[input.name] })
  return new SplitSource({ ...place, stage: id, input, cwd, resumed })
}
