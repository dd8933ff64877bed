/** Hashes the files below a folder on all cores: each worker takes the next path when it wants one. `node main.js FOLDER [--workers N]` */
import { opendir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { connect } from 'millrace'

const { values, positionals } = parseArgs({ allowPositionals: true, options: { workers: { type: 'string', default: '2' } } })
const folder = positionals[0] ?? '.'
const workers = Number(values.workers)

/** Found while they are hashed. */
async function* files(): AsyncGenerator<string> {
  for await (const entry of await opendir(folder, { recursive: true })) if (entry.isFile()) yield join(entry.parentPath, entry.name)
}

/** The same files for all workers: who asks gets the next. */
const paths = files()
const next = (): Promise<IteratorResult<string>> => paths.next()
const shared = (): AsyncIterableIterator<string> => ({ next, [Symbol.asyncIterator]: shared })

const stop = new AbortController()
process.once('SIGINT', () => stop.abort())

const pool = await connect<typeof import('./hashes.worker.ts')>(new URL('./hashes.worker.ts', import.meta.url), { workers })
let count = 0
let total = 0
const began = performance.now()
async function print(worker: number): Promise<void> {
  for await (const { path, bytes, sha256 } of pool.on(worker).hashes(shared(), { signal: stop.signal })) {
    count++
    total += bytes
    console.log(`${sha256}  ${path}`)
  }
}
try {
  await Promise.all(Array.from({ length: workers }, (_none, index) => print(index + 1)))
} catch (error) {
  if (!stop.signal.aborted) throw error
  process.exitCode = 130
}
console.error(
  `${count} files, ${(total / 1e6).toFixed(1)} MB in ${((performance.now() - began) / 1000).toFixed(2)} s${stop.signal.aborted ? ', stopped' : ''}`,
)
await pool.close()
