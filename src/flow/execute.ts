import { MillraceError } from '../base/errors.js'
import type { Plan } from './plan.js'
import type { FlowRun, RunOptions } from './run-options.js'

export function execute<R>(_plan: Plan, _options: RunOptions): FlowRun<R> {
  throw new MillraceError('Internal', 'the execution of flows is not part of this branch')
}
