import { isFunctionOperator, isSinkOperator } from '../plan.js'
import type { SinkPlan } from '../sink-plan.js'
import type { FlowParts, Step } from '../step.js'

/** They take all rows before they give one. */
const WHOLE: ReadonlySet<Step['op']> = new Set(['groupBy', 'reduceBy', 'perKey', 'topPerKey', 'sql'])

/** The sink, if there is one, whose rows a limit at the end of these steps would stop. */
export function stoppableSink({ steps }: FlowParts): SinkPlan | undefined {
  const { sink, isSorted } = look(steps)
  return isSorted ? undefined : sink
}

/** The last sink behind which nothing reads all rows before it gives one; and whether the last step is a sort, which does where a limit follows. */
function look(steps: readonly Step[]): { sink: SinkPlan | undefined; isSorted: boolean } {
  let sink: SinkPlan | undefined
  let isSorted = false
  for (const step of steps) {
    const isWhole = WHOLE.has(step.op)
    const isOrdered = isFunctionOperator(step) || isSinkOperator(step) || step.op === 'limit'
    if (isWhole || (isSorted && isOrdered)) sink = undefined
    if (isSinkOperator(step)) sink = step.sink
    if (step.op === 'union') sink ??= look(step.other.steps).sink
    isSorted = step.op === 'sort'
  }
  return { sink, isSorted }
}
