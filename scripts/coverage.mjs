/** Lines covered per floor, mapped to the TypeScript sources: of the floors that must have enough, or of all. */
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { FLOORS, HIGHEST_PLAIN_FLOOR, reachable } from './floors.mjs'
import { ROOT, runNode, tool } from './run.mjs'

export const COVERAGE_FOLDER = join(ROOT, 'coverage')
export const RAW_COVERAGE_FOLDER = join(COVERAGE_FOLDER, 'tmp')
const LINES_PERCENT_MIN = 90

const asked = reachable(HIGHEST_PLAIN_FLOOR)

function summarise() {
  const args = ['--temp-directory', RAW_COVERAGE_FOLDER, '--reports-dir', COVERAGE_FOLDER, '--reporter', 'json-summary', '--merge-async']
  return runNode([
    tool('c8/bin/c8.js'),
    'report',
    ...args,
    '--all',
    '--src',
    'dist/src',
    '--include',
    'dist/src/**',
    '--exclude',
    '**/*.d.ts',
  ])
}

/** A file of types alone compiles to nothing that could run. */
function hasCode(path) {
  const compiled = readFileSync(join(ROOT, 'dist', path.replace(/\.ts$/, '.js')), 'utf8')
  return compiled.replace(/^(\/\/.*|export \{\};)$/gm, '').trim() !== ''
}

function filesByFloor(ofAll) {
  const { total: _total, ...files } = JSON.parse(readFileSync(join(COVERAGE_FOLDER, 'coverage-summary.json'), 'utf8'))
  const rows = Object.entries(files)
    .map(([path, { lines }]) => ({ path: relative(ROOT, path), ...lines }))
    .filter(({ path }) => hasCode(path))
  const floors = ofAll ? FLOORS.flat() : asked
  return floors.map((floor) => ({ floor, files: rows.filter(({ path }) => path.startsWith(`src/${floor}/`)) }))
}

/** Prints a line per floor; true when each floor up to the highest plain one has enough lines covered. */
function judge({ floor, files }) {
  if (files.length === 0) return true
  const total = files.reduce((sum, file) => sum + file.total, 0)
  const percent = (100 * files.reduce((sum, file) => sum + file.covered, 0)) / total
  const short = asked.includes(floor) && percent < LINES_PERCENT_MIN
  console.log(
    `${floor.padEnd(9)} ${percent.toFixed(1).padStart(5)} % of ${total} lines${short ? `, less than ${LINES_PERCENT_MIN} %` : ''}`,
  )
  const worst = files.filter((file) => file.pct < LINES_PERCENT_MIN).sort((a, b) => a.pct - b.pct)
  if (short) for (const { path, pct, total } of worst) console.log(`          ${pct} % of ${total}: ${path}`)
  return !short
}

export async function coverage(ofAll) {
  const report = await summarise()
  if (!report.ok) return report
  return { ok: filesByFloor(ofAll).map(judge).every(Boolean) }
}
