import { MillraceError } from '../base/errors.js'
import { wholeOption } from './number-option.js'
import type { FailingPlan } from './plan.js'
import type { FailingRows } from './row-types.js'
import type { SinkPlan } from './sink-plan.js'

/** What is done with failing rows, as options say it. `where` begins messages. @throws MillraceError `InvalidArgument` */
export function failingPlan({ onError = 'fail', maxErrors }: Pick<FailingRows, 'onError' | 'maxErrors'>, where: string): FailingPlan {
  if (maxErrors !== undefined && onError === 'fail') {
    throw new MillraceError(
      'InvalidArgument',
      `${where}: maxErrors says how many rows may be left out: give onError with it, 'skip' or a sink`,
    )
  }
  return {
    ...(onError === 'fail' ? {} : { onError: onError === 'skip' ? onError : failedSink(onError, where) }),
    ...(maxErrors === undefined
      ? {}
      : { maxErrors: wholeOption(maxErrors, { name: 'maxErrors', least: 0, most: Number.MAX_SAFE_INTEGER }, where) }),
  }
}

function failedSink(given: unknown, where: string): SinkPlan {
  const sink = (given as { sink?: SinkPlan } | null | undefined)?.sink
  if (sink?.kind === undefined)
    throw new MillraceError('InvalidArgument', `${where}: onError is 'fail', 'skip' or a sink such as to.jsonl('failed/')`)
  if (sink.parts !== undefined) return sink
  throw new MillraceError(
    'InvalidArgument',
    `${where}: onError writes where the rows are: end ${JSON.stringify(sink.path)} with / to make it a folder`,
  )
}
