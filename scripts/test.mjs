/**
 * npm test: types, checks (lint, floors and unused code, side by side), tests, coverage, in this order, up to the first that fails.
 *   node scripts/test.mjs --only test/ring   builds and runs only the tests below these paths
 *   node scripts/test.mjs --full             builds and runs all tests at full size (sets MILLRACE_FULL=1)
 *   node scripts/test.mjs --coverage         all steps; coverage counts all tests and floors, which takes longer
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { build, sourcesOf } from './build.mjs'
import { COVERAGE_FOLDER, coverage, RAW_COVERAGE_FOLDER } from './coverage.mjs'
import { ROOT, runNode, tool } from './run.mjs'

const DIST = join(ROOT, 'dist')
const options = process.argv.slice(2)
const full = options.includes('--full')
const countsAll = options.includes('--coverage')
const only = options.includes('--only') ? options.slice(options.indexOf('--only') + 1) : []
/** Guards against what hangs, for a machine under load; `npm test` is to take less than three minutes on a quiet one. Those of all steps add up to less than the outer kill of `.ci/run`. */
const limits = full ? { testMs: 1_800_000, stepMs: 3_600_000 } : { testMs: 90_000, stepMs: 500_000 }

/** The list starts from the sources, so that a test whose source is gone never runs. */
function testFiles() {
  const wanted = (path) => only.length === 0 || only.some((prefix) => `${path}.ts`.startsWith(relative(ROOT, prefix)))
  return sourcesOf('test')
    .map((name) => `test/${name}`)
    .filter((path) => path.endsWith('.test') && (full || only.length > 0 || !path.endsWith('.full.test')) && wanted(path))
    .map((path) => `${path}.js`)
}

/** Floors whose tests work in their own thread, and leave nothing behind in it. */
const ALONE = /^test\/(base|columnar|exchange|flow|frame|memory|stream)\//
/** What is said at the top of a file to be done around each test is done around those of other files too, in one process. */
const AROUND = /^(.*= )?(after|afterEach|before|beforeEach|use[A-Z]\w*)\(/m
const FILES_TOGETHER = 7

/**
 * Several files of a floor in one process: a process of its own for each takes longer to begin, and to load what is tested, than most of them take to run.
 * At full size each has one, so that what depends on another file is found.
 */
function together(files) {
  const groups = new Map()
  const others = []
  for (const path of files) {
    const [floor] = ALONE.exec(path) ?? []
    if (floor === undefined || AROUND.test(readFileSync(join(ROOT, sourceOf(path)), 'utf8'))) others.push(path)
    else groups.set(floor, [...(groups.get(floor) ?? []), path])
  }
  mkdirSync(join(DIST, 'test/groups'), { recursive: true })
  for (const [floor, members] of groups) {
    for (let first = 0; first < members.length; first += FILES_TOGETHER) {
      const name = `test/groups/${floor.split('/')[1]}-${first / FILES_TOGETHER + 1}.test.js`
      const imports = members.slice(first, first + FILES_TOGETHER).map((path) => `import '../../${path}'\n`)
      writeFileSync(join(DIST, name), imports.join(''))
      others.push(name)
    }
  }
  return others
}

/**
 * Tests of the floors of which coverage is asked, but for those that go again and again over lines that others count. What is counted takes
 * up to half as long again.
 */
const COUNTED =
  /^test\/(contract|base|memory|ring|frame|stream|mesh|call)\/(?!(pool|query-mesh|security|processes|death|life|memory|soak|stall|elastic|retry|bundles)\.)/

async function tests() {
  const files = testFiles()
  if (files.length === 0) return { ok: false, why: `no test file is below ${only.join(', ') || 'test/'}` }
  rmSync(COVERAGE_FOLDER, { recursive: true, force: true })
  if (full || only.length > 0) return run(files)
  const isCounted = (path) => countsAll || COUNTED.test(path)
  const uncounted = files.filter((path) => !isCounted(path))
  const began = performance.now()
  const first = uncounted.length === 0 ? { ok: true } : await run(together(uncounted))
  if (!first.ok) return first
  const leftMs = limits.stepMs - (performance.now() - began)
  return run(together(files.filter(isCounted)), { NODE_V8_COVERAGE: RAW_COVERAGE_FOLDER }, leftMs)
}

/** `--test-timeout` misses a test file that finished but does not end, such as one with a leaked worker: hence the limit outside. */
async function run(files, env = {}, timeoutMs = limits.stepMs) {
  const unfinished = new Set()
  const reporter = ['--test-reporter', join(ROOT, 'scripts/test-reporter.mjs'), '--test-reporter-destination', 'stdout']
  const result = await runNode(['--test', '--test-concurrency=3', `--test-timeout=${limits.testMs}`, ...reporter, ...files], {
    cwd: DIST,
    env: { ...(full && { MILLRACE_FULL: '1' }), ...env },
    timeoutMs,
    onMessage: ({ began, ended }) => (began ? unfinished.add(began) : unfinished.delete(ended)),
  })
  if (!result.timedOut) return result
  return {
    ok: false,
    why: `killed after ${Math.round(timeoutMs / 1000)} s; not finished: ${[...unfinished].map(sourceOf).join(', ') || 'unknown'}`,
  }
}

/** Of a path of a compiled file, whole or from `dist` on. */
const sourceOf = (compiled) => relative(DIST, resolve(DIST, compiled)).replace(/\.js$/, '.ts')

async function checks() {
  const all = {
    lint: [tool('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings'],
    floors: ['scripts/check-floors.mjs'],
    unused: [tool('knip/bin/knip.js')],
  }
  const results = await Promise.all(Object.entries(all).map(async ([name, args]) => ({ name, ...(await runNode(args)) })))
  const failed = results.filter(({ ok }) => !ok)
  return { ok: failed.length === 0, why: failed.map(({ name, timedOut }) => (timedOut ? `${name} took too long` : name)).join(', ') }
}

const ALL_STEPS = {
  types: build,
  checks,
  tests,
  coverage: () => coverage(countsAll),
}
const steps = full || only.length > 0 ? { types: build, tests } : ALL_STEPS

const seconds = (since) => ((performance.now() - since) / 1000).toFixed(1)
const began = performance.now()
const times = []
for (const [name, step] of Object.entries(steps)) {
  console.log(`\n--- ${name}`)
  const stepBegan = performance.now()
  const { ok, why, timedOut } = await step()
  times.push(`${name} ${seconds(stepBegan)} s`)
  if (ok) continue
  console.error(`\nFAILED: ${name}${why ? `: ${why}` : timedOut ? ': it took too long and was killed' : ''} (${times.join(', ')})`)
  process.exit(1)
}
console.log(`\nok in ${seconds(began)} s (${times.join(', ')}), node ${process.version}`)
