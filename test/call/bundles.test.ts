import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import { build as esbuild } from 'esbuild'
import { build as vite } from 'vite'
import { connect } from '../../src/index.js'
import { collect, connected, failure } from '../support/connections.js'
import { PROJECT_ROOT } from '../support/root.js'

const run = promisify(execFile)
/** Below the project's root, so that `millrace` is the project itself. */
let folder = ''

const WORKER = `import { serve } from 'millrace'
import { square } from './square.worker.ts'

export default serve({
  *squares({ to }: { to: number }) {
    for (let n = 1; n <= to; n++) yield square(n)
  },
  sum: (numbers: readonly number[], { state }) => numbers.reduce((sum, n) => sum + n, state.start),
}, { setup: () => ({ start: 0 }) })
`
/** What a worker imports may be a worker of its own. */
const SQUARE = `import { serve } from 'millrace'
export const square = (n: number): number => n * n
export default serve({ other: () => 'not this one' })
`
const MAIN = `import { Worker } from 'node:worker_threads'
import { connect } from 'millrace'

const pool = await connect<typeof import('./numbers.worker.ts')>(
  (options) => new Worker(new URL('./numbers.worker.js', import.meta.url), options),
  { workers: 2 },
)
const squares: number[] = []
for await (const n of pool.api.squares({ to: 4 })) squares.push(n)
console.log(JSON.stringify(squares), await pool.api.sum([1, 2, 3]), Object.keys(pool.api).join())
await pool.close()
`
const SAYS = '[1,4,9,16] 6 squares,sum\n'

before(async () => {
  folder = await mkdtemp(fileURLToPath(new URL('dist/bundles-', PROJECT_ROOT)))
  await writeFile(join(folder, 'main.ts'), MAIN)
  await writeFile(join(folder, 'numbers.worker.ts'), WORKER)
  await writeFile(join(folder, 'square.worker.ts'), SQUARE)
})
after(() => rm(folder, { recursive: true }))

const entries = () => ['main.ts', 'numbers.worker.ts'].map((name) => join(folder, name))

test('an app bundled with esbuild, its worker as a second entry point, runs with everything inside', async () => {
  const outdir = join(folder, 'esbuild')
  await esbuild({
    entryPoints: entries(),
    bundle: true,
    platform: 'node',
    format: 'esm',
    outdir,
    outExtension: { '.js': '.js' },
    logLevel: 'silent',
  })
  await writeFile(join(outdir, 'package.json'), '{ "type": "module" }')
  const { stdout } = await run(process.execPath, [join(outdir, 'main.js')])
  assert.equal(stdout, SAYS)
})

test('so does one built with Vite', async () => {
  const outDir = join(folder, 'vite')
  await vite({
    root: folder,
    configFile: false,
    logLevel: 'silent',
    ssr: { noExternal: true },
    build: {
      ssr: true,
      outDir,
      rollupOptions: {
        input: { main: join(folder, 'main.ts'), 'numbers.worker': join(folder, 'numbers.worker.ts') },
        output: { entryFileNames: '[name].js' },
      },
    },
  })
  await writeFile(join(outDir, 'package.json'), '{ "type": "module" }')
  const { stdout } = await run(process.execPath, [join(outDir, 'main.js')])
  assert.equal(stdout, SAYS)
})

const PEERS = new URL('./peers.worker.js', import.meta.url)
type Peers = typeof import('./peers.worker.js')

test('a factory without a bundler works too, and its workers are replaced', async () => {
  const factory = (options: object) => new Worker(PEERS, options)
  await connected<Peers>(factory as never, { workers: 2 }, async (connection) => {
    assert.deepEqual(await collect(connection.api.count({ to: 3 })), [1, 2, 3])
    assert.equal((await failure(connection.on(1).exit())).code, 'PeerLost')
    assert.equal(await connection.on(2).sumOf({ of: 2, to: 4 }), 10)
  })
})

test('a factory that keeps the options to itself is told so, and one without workers is refused', async () => {
  const ended = await failure(connect<Peers>(() => new Worker(PEERS), { workers: 1 }))
  assert.equal(ended.code, 'NotServed')
  assert.match(ended.message, /^worker \d+ ended before it served: .* or its factory did not pass the options on$/)
  const lives = () => new Worker('setInterval(() => {}, 0x7fffffff)', { eval: true })
  const late = await failure(connect<Peers>(lives, { workers: 1, startTimeoutMs: 200 }))
  assert.equal(late.code, 'StartTimeout')
  assert.match(late.message, /or its factory did not pass the options on/)
  assert.equal((await failure(connect<Peers>((options) => new Worker(PEERS, options), { workers: 0 }))).code, 'InvalidArgument')
})
