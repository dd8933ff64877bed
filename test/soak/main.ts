import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { soakCalls } from './calls.js'
import { soakFlows, writeInputs } from './flows.js'
import { Soak } from './soak.js'

/** Streams of operations that go on at once, of each kind. */
const LANES = 2

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '1' }, seed: { type: 'string', default: '1' } } })
const [minutes, seed] = [Number(values.minutes), Number(values.seed)]
if (!(minutes > 0) || !Number.isInteger(seed)) throw new RangeError('soak: --minutes M, --seed S: M above 0, S a whole number')

const beganMs = performance.now()
const soak = new Soak(seed, beganMs + minutes * 60_000)

function tell(when: string): void {
  globalThis.gc?.()
  const { rss, heapUsed, arrayBuffers, external } = process.memoryUsage()
  const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`
  const memory = `RSS ${mib(rss)}, heap ${mib(heapUsed)}, external ${mib(external)} (array buffers ${mib(arrayBuffers)})`
  const { queries, calls, pools } = soak.done
  const seconds = ((performance.now() - beganMs) / 1000).toFixed(0)
  console.log(`${when} (${seconds} s): ${queries} queries, ${calls} calls, ${pools} pools; ${soak.stalls} stalls told; ${memory}`)
}

const folder = mkdtempSync(join(tmpdir(), 'millrace-soak-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
tell('start')
// Quarters: what grows shows.
const quarters = setInterval(() => tell('so far'), Math.max(1000, (minutes * 60_000) / 4))
const inputs = await writeInputs(folder)
const lanes = Array.from({ length: LANES }, (_, lane) => [
  soakCalls(soak, (seed * 2 + 0) * 1_000_000 + lane * 100_000),
  soakFlows(soak, (seed * 2 + 1) * 1_000_000 + lane * 100_000, inputs),
])
await Promise.all(lanes.flat())
clearInterval(quarters)
soak.stop()
for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve))
tell('end')
console.log(`errors by kind: ${JSON.stringify(soak.errors)}`)
const handles = process.getActiveResourcesInfo().filter((kind) => !/^(Immediate|PipeWrap|TTYWrap)$/.test(kind))
console.log(`active handles: ${JSON.stringify(handles)}`)
if (handles.length > 0) process.exitCode = 1
