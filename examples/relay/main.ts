/** Counts words in two workers of which one calls the other: `node main.js FILE...`. This thread gets ten rows and does nothing else. */
import { connect } from 'millrace'

const paths = process.argv.slice(2)
if (paths.length === 0) {
  console.error('usage: node main.js FILE...')
  process.exit(2)
}
await using pool = await connect<typeof import('./relay.worker.ts')>(new URL('./relay.worker.ts', import.meta.url), { workers: 2 })
for (const { word, n } of await pool.on(2).top({ finder: 1, paths, count: 10 })) console.log(`${word.padEnd(16)}${String(n).padStart(6)}`)
console.error(
  `calls of this thread: ${pool
    .stats()
    .workers.map(({ worker, calls }) => `${calls} to worker ${worker}`)
    .join(', ')}`,
)
