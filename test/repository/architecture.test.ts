import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import test from 'node:test'
import { PROJECT_ROOT, readProjectFile } from '../support/root.js'
import { parseTable } from '../support/tables.js'

const ARCHITECTURE = readProjectFile('docs/ARCHITECTURE.md')
const HEADING = 'To change X, edit Y, proved by Z'
const PATH = /`((?:src|test|docs|scripts|bench|examples)\/[\w./-]+)`/g

const pathsIn = (text: string) => [...text.matchAll(PATH)].map(([, path]) => path)

test('every path in ARCHITECTURE.md exists', () => {
  const paths = pathsIn(ARCHITECTURE)
  assert.ok(paths.length > 80)
  assert.deepEqual(
    paths.filter((path) => !existsSync(new URL(path, PROJECT_ROOT))),
    [],
  )
})

test('ARCHITECTURE.md opens with what to edit and what proves it', () => {
  const rows = parseTable(ARCHITECTURE, HEADING)
  assert.ok(rows.length >= 20)
  for (const row of rows) {
    // A cell of one path has lost its marks.
    assert.ok(pathsIn(`\`${row.Edit}\` ${row.Edit}`).length > 0, row['To change'])
    for (const path of pathsIn(`\`${row['Proved by']}\` ${row['Proved by']}`))
      assert.match(path, /^test\/.*[.](test|contract)[.]ts$|^scripts\//)
  }
})

test('ARCHITECTURE.md draws the floors in their order', async () => {
  const { FLOORS } = await import(new URL('scripts/floors.mjs', PROJECT_ROOT).href)
  const drawn = ARCHITECTURE.split('\n## ').find((section) => section.startsWith('Floors')) ?? ''
  const names = [...drawn.matchAll(/^ {4}(\w+) {2}/gm)].map(([, name]) => name)
  const known = (FLOORS as string[][]).map((row) => row[0]).filter((name) => existsSync(new URL(`src/${name}`, PROJECT_ROOT)))
  assert.deepEqual(names.toReversed(), known)
})

test('every floor has a row of what to change', () => {
  const edits = parseTable(ARCHITECTURE, HEADING).map((row) => row.Edit)
  for (const floor of ['base', 'memory', 'ring', 'frame', 'stream', 'mesh', 'call', 'columnar', 'exchange', 'flow', 'cli'])
    assert.ok(
      edits.some((edit) => edit.includes(`src/${floor}/`)),
      floor,
    )
})
