/** Compiles what changed, removes compiled files whose source is gone, and puts together what is published. */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { bundle } from './bundle.mjs'
import { ROOT, runNode, tool } from './run.mjs'

const AREAS = ['src', 'examples', 'bench', 'test']
const COMPILED = /\.(js|js\.map|d\.ts)$/

/** The files of one area, as paths relative to it. */
function filesOf(folder) {
  return existsSync(folder) ? readdirSync(folder, { recursive: true }) : []
}

/** The TypeScript sources of an area without their ending: `ring/layout`. */
export function sourcesOf(area) {
  return filesOf(join(ROOT, area))
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => name.slice(0, -'.ts'.length))
    .sort()
}

function removeOrphans() {
  for (const area of AREAS) {
    const sources = new Set(sourcesOf(area))
    for (const name of filesOf(join(ROOT, 'dist', area))) {
      if (COMPILED.test(name) && !sources.has(name.replace(COMPILED, ''))) rmSync(join(ROOT, 'dist', area, name))
    }
  }
}

const lacksOutput = () => AREAS.some((area) => sourcesOf(area).some((name) => !existsSync(join(ROOT, 'dist', area, `${name}.js`))))

export async function build() {
  const compile = (...flags) => runNode([tool('typescript/bin/tsc'), '-b', ...flags])
  const first = await compile()
  removeOrphans()
  // The compiler trusts its build info, also where somebody deleted a compiled file.
  const last = first.ok && lacksOutput() ? await compile('--force') : first
  if (last.ok) await bundle()
  return last
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = (await build()).ok ? 0 : 1
