import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { MillraceError } from '../base/errors.js'
import { isUnknownTypeScript } from '../base/typescript.js'
import type { LogRecord } from '../flow/ctx.js'
import type { RunStats as FlowStats } from '../flow/run.js'

export type Row = Readonly<Record<string, unknown>>

/** A live snapshot of a run. */
export type RunStats = Omit<FlowStats, 'sentBytes'>

export interface RunningFlow extends AsyncIterable<Row>, AsyncDisposable {
  stats(): RunStats
}

export interface RunOptions {
  readonly workers?: number
  readonly params?: Readonly<Record<string, unknown>>
  readonly signal?: AbortSignal
  readonly onLog?: (record: LogRecord) => void
}

/**
 * What the command needs of a flow. It is recognised by these functions, not by its class:
 * the file may import another copy of this package than the command belongs to.
 */
export interface RunnableFlow {
  explain(): Promise<string>
  limit(rows: number): RunnableFlow
  run(options: RunOptions): RunningFlow
}

function isFlow(value: unknown): value is RunnableFlow {
  if (typeof value !== 'object' || value === null) return false
  const candidate = value as Record<string, unknown>
  return ['explain', 'limit', 'plan', 'run'].every((name) => typeof candidate[name] === 'function')
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object') return `an object with ${Object.keys(value).slice(0, 4).join(', ') || 'no keys'}`
  return `a ${typeof value}`
}

async function mustBeFile(file: string): Promise<void> {
  const stats = await stat(file).catch(() => undefined)
  if (stats?.isFile()) return
  const found = stats === undefined ? 'there is no such file' : 'that is not a file'
  throw new MillraceError('FlowFileNotFound', `${file}: ${found}. The path is taken from the current directory.`)
}

async function importFile(file: string): Promise<Record<string, unknown>> {
  try {
    return await import(pathToFileURL(resolve(file)).href)
  } catch (error) {
    if (isUnknownTypeScript(error)) {
      const message = `${file}: Node.js ${process.versions.node} does not run TypeScript. Compile it with tsc and give the .js file, or use Node.js 22.18 or later.`
      throw new MillraceError('TypeScriptUnsupported', message)
    }
    throw new MillraceError('FlowFileFailed', `${file}: the file could not be imported.`, { cause: error })
  }
}

/**
 * Imports `file` and returns the flow it exports by default.
 * Throws `FlowFileNotFound`, `TypeScriptUnsupported`, `FlowFileFailed` or `NotAFlow`.
 */
export async function loadFlow(file: string): Promise<RunnableFlow> {
  await mustBeFile(file)
  const module = await importFile(file)
  const cure = 'Write `export default flow(import.meta.url).read(...)` in it.'
  if (!('default' in module)) {
    const names = Object.keys(module).join(', ') || 'nothing'
    throw new MillraceError('NotAFlow', `${file}: there is no default export (it exports ${names}). ${cure}`)
  }
  if (!isFlow(module.default)) {
    throw new MillraceError('NotAFlow', `${file}: the default export is ${kindOf(module.default)}, not a flow. ${cure}`)
  }
  return module.default
}
