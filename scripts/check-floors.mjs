/** Floors and cycles of `src/`, then the same rules over planted violations: each of them must be found, and nothing else. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { cruise } from 'dependency-cruiser'
import config from '../.dependency-cruiser.mjs'
import { ENTRIES, FLOORS, HIGHEST_PLAIN_FLOOR, reachable, rowOf, THREAD_FLOOR } from './floors.mjs'
import { ROOT } from './run.mjs'

/** Cruises `src/` below `baseDir`. A parser that cannot read TypeScript finds no modules and no violations, so both are returned. */
async function violationsBelow(baseDir) {
  const { output } = await cruise(['src'], { ...config.options, baseDir, validate: true, ruleSet: { forbidden: config.forbidden } })
  const read = output.modules.filter((module) => module.source.startsWith('src/')).length
  return { read, violations: output.summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to })) }
}

const countSources = (baseDir) => readdirSync(join(baseDir, 'src'), { recursive: true }).filter((name) => name.endsWith('.ts')).length

/** Planted files with the rule that each must break; `undefined` for files that must pass. */
function plantedFiles() {
  const files = FLOORS.flat().map((floor) => [`src/${floor}/target.ts`, 'export type Target = 1'])
  for (const from of FLOORS.flat()) {
    for (const to of FLOORS.flat()) {
      const allowed = from === to || rowOf(to) < rowOf(from)
      files.push([
        `src/${from}/to-${to}.ts`,
        `import type { Target } from '../${to}/target.js'\nexport type T = Target`,
        allowed ? undefined : `floor-${from}`,
      ])
    }
    const plain = rowOf(from) <= rowOf(HIGHEST_PLAIN_FLOOR)
    files.push([`src/${from}/to-package.ts`, `import 'planted-package'`, plain ? 'no-packages-below-columnar' : undefined])
    files.push([`src/${from}/to-threads.ts`, `import 'node:worker_threads'`, from === THREAD_FLOOR ? undefined : 'threads-in-mesh-only'])
    files.push([`src/${from}/to-entry.ts`, `import '../index.js'`, `floor-${from}`])
  }
  for (const [file, floor] of Object.entries(ENTRIES)) {
    const outOfReach = FLOORS.flat().find((other) => !reachable(floor).includes(other))
    files.push([`src/${file}`, `import './${outOfReach}/target.js'`, `entry-${file}`])
  }
  // One circle is one violation, found at its first file.
  files.push(['src/base/circle-a.ts', `import './circle-b.js'`, 'no-cycles'], ['src/base/circle-b.ts', `import './circle-a.js'`])
  return files
}

async function checkPlanted() {
  const baseDir = mkdtempSync(join(tmpdir(), 'millrace-floors-'))
  try {
    const files = plantedFiles()
    for (const [path, text] of files) {
      mkdirSync(dirname(join(baseDir, path)), { recursive: true })
      writeFileSync(join(baseDir, path), text)
    }
    const { violations } = await violationsBelow(baseDir)
    const found = new Set(violations.map(({ rule, from }) => `${from} breaks ${rule}`))
    const planted = new Set(files.filter(([, , rule]) => rule).map(([path, , rule]) => `${path} breaks ${rule}`))
    return {
      planted: planted.size,
      problems: [
        ...[...planted].filter((line) => !found.has(line)).map((line) => `planted but not found: ${line}`),
        ...[...found].filter((line) => !planted.has(line)).map((line) => `found but not planted: ${line}`),
      ],
    }
  } finally {
    rmSync(baseDir, { recursive: true })
  }
}

const sources = countSources(ROOT)
const real = await violationsBelow(ROOT)
const { planted, problems } = await checkPlanted()
for (const { rule, from, to } of real.violations) problems.push(`${from} must not import ${to} (${rule})`)
if (real.read < sources)
  problems.push(`only ${real.read} of the ${sources} files in src/ were read: does the parser still understand TypeScript?`)
for (const problem of problems) console.error(problem)
console.log(
  `${real.read} modules read of ${sources} in src/, ${real.violations.length} violations; ${planted} violations planted for the check itself`,
)
process.exitCode = problems.length > 0 ? 1 : 0
