import { MillraceError } from '../base/errors.js'
import type { FlowParts } from './step.js'

/** Flows that run together are of one module. @throws MillraceError `InvalidArgument` */
export function checkModule(where: string, which: string, { module }: FlowParts, first: FlowParts): void {
  if (module === first.module) return
  throw new MillraceError(
    'InvalidArgument',
    `${where}: ${which} has its functions in ${module}, this one in ${first.module}: give both the same module to flow()`,
  )
}
