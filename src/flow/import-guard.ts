import { MillraceError } from '../base/errors.js'

const importing = new Set<string>()
let isFlowWorker = false

/** Says that this thread does nothing but run stages: no flow may run in it. */
export function markFlowWorker(): void {
  isFlowWorker = true
}

/** Throws `FlowRanOnImport` in a worker, or while a module of stages is being imported. */
export function refuseNestedRun(): void {
  if (isFlowWorker || importing.size > 0) throw ranOnImport([...importing][0] ?? 'the module of the stages')
}

/**
 * Imports a module of stages. In a worker a module that runs a flow is told so by `refuseNestedRun`. In the leader's own thread it may
 * be the very module that waits for this run: then nothing else is alive, and this rejects with `FlowRanOnImport`.
 */
export async function importStages(module: string): Promise<Readonly<Record<string, unknown>>> {
  importing.add(module)
  let wedged = () => {}
  const stuck = new Promise<never>((_resolve, reject) => {
    wedged = () => reject(ranOnImport(module))
  })
  process.once('beforeExit', wedged)
  try {
    return await Promise.race([import(module), stuck])
  } finally {
    process.off('beforeExit', wedged)
    importing.delete(module)
  }
}

function ranOnImport(module: string): MillraceError {
  return new MillraceError(
    'FlowRanOnImport',
    `${module} runs a flow while it is imported for its stages: run it from another module, a main.ts beside a stages.ts`,
  )
}
