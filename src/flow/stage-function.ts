import { createHash } from 'node:crypto'
import { MillraceError } from '../base/errors.js'
import type { FunctionRef } from './plan.js'

// biome-ignore lint/complexity/noBannedTypes: any function can be a stage until it is called
export type AnyFunction = Function

/**
 * What the plan says about a function. `where` is its place in the flow, such as `operator 2 (map)`.
 *
 * @throws MillraceError `StageAnonymous`, `StageAsync`, `InvalidArgument`
 */
export function describeFunction(fn: unknown, where: string): FunctionRef {
  if (typeof fn !== 'function') throw new MillraceError('InvalidArgument', `${where}: expected an exported function, got ${typeof fn}`)
  const cure = 'export it from the module given to flow() as a named function and pass that'
  if (fn.name === '') throw new MillraceError('StageAnonymous', `${where}: the function has no name, so workers cannot find it: ${cure}`)
  const text = textOf(fn)
  if (/\{\s*\[native code\]\s*\}\s*$/.test(text)) {
    throw new MillraceError('StageAnonymous', `${where}: ${fn.name} is a bound or native function, so workers cannot find it: ${cure}`)
  }
  return { name: fn.name, hash: hashOf(text) }
}

/** Stages are synchronous: refuses `async` functions and async generators by their kind. */
export function refuseAsync(fn: AnyFunction, where: string): void {
  const kind = Object.prototype.toString.call(fn)
  if (kind === '[object AsyncFunction]' || kind === '[object AsyncGeneratorFunction]') {
    throw new MillraceError(
      'StageAsync',
      `${where}: ${fn.name} is async: a stage function is synchronous; do asynchronous work in \`setup\``,
    )
  }
}

/**
 * Finds a stage function among a module's exports: by name, else by its text under another name.
 *
 * @throws MillraceError `StageNotExported`, `StageChanged`
 */
export function resolveStage(namespace: { readonly [name: string]: unknown }, ref: FunctionRef): AnyFunction {
  const named = Object.hasOwn(namespace, ref.name) ? namespace[ref.name] : undefined
  if (typeof named === 'function' && hashOf(textOf(named)) === ref.hash) return named
  const equal = new Set(Object.values(namespace).filter((value): value is AnyFunction => hasHash(value, ref.hash)))
  if (equal.size === 1) return [...equal][0]
  if (equal.size > 1) {
    throw new MillraceError(
      'StageNotExported',
      `stage function "${ref.name}": ${equal.size} exports have its text: export it under its own name`,
    )
  }
  if (typeof named === 'function') {
    throw new MillraceError(
      'StageChanged',
      `stage function "${ref.name}" has another text here than where the flow was built: use the same version`,
    )
  }
  const known = Object.keys(namespace).filter((name) => typeof namespace[name] === 'function')
  const exported = known.length > 0 ? `it exports ${known.join(', ')}` : 'it exports no function'
  throw new MillraceError(
    'StageNotExported',
    `stage function "${ref.name}" is not exported by the flow's module (${exported}): write \`export\` before it`,
  )
}

function hasHash(value: unknown, hash: string): boolean {
  return typeof value === 'function' && hashOf(textOf(value)) === hash
}

function textOf(fn: AnyFunction): string {
  return Function.prototype.toString.call(fn)
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

/** Stands for some functions that belong together. */
export function hashOfTexts(functions: readonly AnyFunction[]): string {
  return hashOf(functions.map(textOf).join('\0'))
}
