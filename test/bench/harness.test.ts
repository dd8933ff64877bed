import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Bench, figure, holds, interleaved, median, ratios } from '../../bench/harness.js'
import { asJson, asText } from '../../bench/print.js'

test('the median of rounds is the middle one, or the mean of the two in the middle', () => {
  assert.deepEqual([median([3, 1, 2]), median([4, 1, 3, 2]), median([5])], [2, 2.5, 5])
})

test('contenders take turns, and the first round does not count', async () => {
  const turns: string[] = []
  const contender = (name: string) => async () => turns.push(name)
  assert.deepEqual(await interleaved(2, { a: contender('a'), b: contender('b') }), { a: [3, 5], b: [4, 6] })
  assert.deepEqual(turns, ['a', 'b', 'a', 'b', 'a', 'b'])
})

test('a ratio belongs to its round', () => {
  assert.deepEqual(ratios([2, 9], [1, 3]), [2, 3])
})

test('a figure holds its floor and aim in the direction that is better', () => {
  const bench = (better: Bench['better']): Bench => ({
    name: 'x',
    floor: 2,
    aim: better === 'higher' ? 3 : 1,
    better,
    run: async () => figure('x', 'x', [1]),
  })
  const verdicts = (better: Bench['better'], value: number) => [
    holds(bench(better), figure('x', 'x', [value]), 'floor'),
    holds(bench(better), figure('x', 'x', [value]), 'aim'),
  ]
  assert.deepEqual(
    [1.9, 2, 3].map((value) => verdicts('higher', value)),
    [
      [false, false],
      [true, false],
      [true, true],
    ],
  )
  assert.deepEqual(
    [2.1, 2, 1].map((value) => verdicts('lower', value)),
    [
      [false, false],
      [true, false],
      [true, true],
    ],
  )
})

test('one figure is one line of JSON that states name, ratio, spread and machine', () => {
  const bench: Bench = { name: 'x', floor: 2, aim: 3, better: 'higher', run: async () => figure('x', 'x', [1]) }
  const text = asJson(bench, figure('x', 'x', [2, 4, 3], { workers: 2 }))
  assert.doesNotMatch(text, /\n/)
  const { machine, ...rest } = JSON.parse(text)
  assert.deepEqual(rest, { name: 'x', ratio: 3, spread: [2, 4], unit: 'x', floor: 2, aim: 3, better: 'higher', detail: { workers: 2 } })
  assert.match(machine, /\d+ cores.*Node\.js \d+/)
  assert.match(asText(bench, figure('x', 'x', [1])), /^x: 1x \(1 to 1\), floor >= 2, aim >= 3: BELOW THE FLOOR$/)
})
