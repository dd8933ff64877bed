import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OPS } from './operators.js'
import { PAIRS, programOf } from './program.js'
import { shrink } from './shrink.js'

test('programs follow from their seeds, and as many in a row as there are pairs have each of them', () => {
  assert.deepEqual(programOf(7), programOf(7))
  for (const [index, [first, second]] of PAIRS.entries()) {
    const ops = programOf(PAIRS.length + index).steps.map(({ op }) => op)
    assert.ok(
      ops.some((op, at) => op === first && ops[at + 1] === second),
      `${first} ${second}`,
    )
  }
})

test('a program that fails shrinks to the steps, rows and ways that it fails for', async () => {
  const drawn = programOf(OPS.indexOf('distinct') * OPS.length + OPS.indexOf('union'))
  const program = { ...drawn, source: { ...drawn.source, rows: 300 } }
  const least = await shrink(program, async ({ steps, source }) => steps.some(({ op }) => op === 'union') && source.rows >= 3)
  assert.deepEqual(
    [least.steps.map(({ op }) => op), least.source.rows, least.way],
    [['union'], 3, { workers: 1, ringBytes: undefined, memoryBytes: undefined }],
  )
  assert.deepEqual([least.steps[0].right.steps, least.steps[0].right.source.rows], [[], 0])
})
