import assert from 'node:assert/strict'
import test from 'node:test'
import { parseTable } from '../support/tables.js'

const TEXT = [
  '# Top',
  '| a |',
  '|---|',
  '| 0 |',
  '## Here',
  'words',
  '',
  '| name | what |',
  '|---|---|',
  '| `x` | a \\| b |',
  '| y | `z` and z |',
  '',
  '| other |',
  '## Bare',
  'words',
  '### Next',
  '| n |',
  '|---|',
]

test('a table is read from below its heading up to its last line', () => {
  assert.deepEqual(parseTable(TEXT.join('\n'), 'Here'), [
    { name: 'x', what: 'a | b' },
    { name: 'y', what: '`z` and z' },
  ])
})

test('a table without rows is empty', () => {
  assert.deepEqual(parseTable(TEXT.join('\n'), 'Next'), [])
})

test('a missing heading, a missing table and a ragged row are errors', () => {
  assert.throws(() => parseTable(TEXT.join('\n'), 'Nowhere'), /no heading "Nowhere"/)
  assert.throws(() => parseTable(TEXT.join('\n'), 'Bare'), /no table below "Bare"/)
  assert.throws(() => parseTable('# T\n| a | b |\n|---|---|\n| 1 |', 'T'), /1 cells for 2 columns: 1/)
})
