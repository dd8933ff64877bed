import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeFunction, resolveStage } from '../../src/flow/stage-function.js'
import * as stages from './stages.js'

const namespace: Record<string, unknown> = { ...stages }
const ref = describeFunction(stages.shout, 'operator 1 (map)')

test('a worker finds a function by its name and text', () => {
  assert.equal(resolveStage(namespace, ref), stages.shout)
  assert.equal(resolveStage(namespace, describeFunction(stages.half, 'x')), stages.half)
})

test('a worker finds a function that is exported under another name', () => {
  assert.equal(resolveStage({ renamed: stages.shout, other: stages.long }, ref), stages.shout)
  assert.equal(resolveStage({ shout: stages.long, renamed: stages.shout }, ref), stages.shout)
  assert.equal(resolveStage({ one: stages.shout, two: stages.shout }, ref), stages.shout)
})

test('a function that is not exported is an error that names it, what is exported, and the cure', () => {
  assert.throws(() => resolveStage({ long: stages.long, n: 1 }, ref), {
    code: 'StageNotExported',
    message: /"shout" is not exported.*it exports long.*write `export` before it/,
  })
  assert.throws(() => resolveStage({}, ref), { code: 'StageNotExported', message: /exports no function/ })
  assert.throws(() => resolveStage({}, { name: 'toString', hash: ref.hash }), { code: 'StageNotExported' })
  assert.throws(() => resolveStage({ shout: 3 }, ref), { code: 'StageNotExported' })
})

test('a function of the same name and another text is an error of its own', () => {
  assert.throws(() => resolveStage({ shout: stages.long }, ref), { code: 'StageChanged', message: /"shout" has another text/ })
})

test('functions of the same text that are not the same are never confused', () => {
  const make = (least: number) =>
    function over(row: { n: number }): boolean {
      return row.n > least
    }
  const one = make(1)
  assert.throws(() => resolveStage({ one, two: make(2) }, describeFunction(one, 'x')), {
    code: 'StageNotExported',
    message: /2 exports have its text/,
  })
})
