import { MillraceError } from '../base/errors.js'

interface Import {
  readonly module: string
  /** Nothing but this import is alive in the process: the module waits for itself. */
  readonly wedged: () => void
}

const imports = new Set<Import>()
let isFlowWorker = false

/** Says that this thread does nothing but run stages: no flow may run in it. */
export function markFlowWorker(): void {
  isFlowWorker = true
}

/** Throws `FlowRanOnImport` in a worker, or where a module of stages that is being imported is what calls. */
export function refuseNestedRun(): void {
  if (isFlowWorker) throw ranOnImport([...imports][0]?.module ?? 'the module of the stages')
  if (imports.size === 0) return
  const callers = new Set(callerFiles())
  for (const { module } of imports) if (callers.has(module)) throw ranOnImport(module)
}

/**
 * Imports a module of stages. In a worker a module that runs a flow is told so by `refuseNestedRun`. In the leader's own thread it may
 * be the very module that waits for this run: then nothing else is alive, and this rejects with `FlowRanOnImport`.
 */
export async function importStages(module: string): Promise<Readonly<Record<string, unknown>>> {
  let wedged = () => {}
  const stuck = new Promise<never>((_resolve, reject) => {
    wedged = () => reject(ranOnImport(module))
  })
  const entry = { module, wedged }
  if (imports.size === 0) process.on('beforeExit', onBeforeExit)
  imports.add(entry)
  try {
    return await Promise.race([import(module), stuck])
  } finally {
    imports.delete(entry)
    if (imports.size === 0) process.off('beforeExit', onBeforeExit)
  }
}

function onBeforeExit(): void {
  for (const { wedged } of imports) wedged()
}

/** The files of all functions that are being called now. */
function callerFiles(): (string | null | undefined)[] {
  const { prepareStackTrace, stackTraceLimit } = Error
  try {
    Error.stackTraceLimit = Number.POSITIVE_INFINITY
    Error.prepareStackTrace = (_error, sites) => sites.map((site) => site.getFileName())
    return new Error().stack as unknown as string[]
  } finally {
    Error.prepareStackTrace = prepareStackTrace
    Error.stackTraceLimit = stackTraceLimit
  }
}

function ranOnImport(module: string): MillraceError {
  return new MillraceError(
    'FlowRanOnImport',
    `${module} runs a flow while it is imported for its stages: run it from another module, a main.ts beside a stages.ts`,
  )
}
