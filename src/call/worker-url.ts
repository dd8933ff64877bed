import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { MillraceError } from '../base/errors.js'

const OTHER: Readonly<Record<string, string>> = { '.js': '.ts', '.ts': '.js', '.mjs': '.mts', '.mts': '.mjs' }

/**
 * The module that a URL names or, where no such file is there, its other form: a compiled program may name a `.ts`, a source that Node.js
 * runs as it is a `.js`. Only files are looked for, at once: a trip through the thread pool takes longer. Throws `WorkerNotFound`.
 */
export function findWorker(url: URL): URL {
  if (url.protocol !== 'file:' || isFile(url)) return url
  const extension = /[.][cm]?[jt]s$/.exec(url.pathname)?.[0] ?? ''
  const other = OTHER[extension]
  const sibling = new URL(url)
  if (other !== undefined) sibling.pathname = url.pathname.slice(0, -extension.length) + other
  if (other !== undefined && isFile(sibling)) return sibling
  const also = other === undefined ? '' : `, nor ${fileURLToPath(sibling)}`
  throw new MillraceError('WorkerNotFound', `there is no ${fileURLToPath(url)}${also}: check the first argument of new URL()`)
}

function isFile(url: URL): boolean {
  try {
    return statSync(url).isFile()
  } catch {
    return false
  }
}
