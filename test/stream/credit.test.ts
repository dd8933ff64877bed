import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { Budget, frameCost, ReceiveCredit, remainingCost, SendCredit } from '../../src/stream/credit.js'
import { type Borrower, Overdraft } from '../../src/stream/overdraft.js'

const F = 512

/** The payloads of the frames of a message, prefix included, cut one by one. */
function fragments(totalBytes: number): number[] {
  if (totalBytes <= F) return [totalBytes]
  const sizes: number[] = []
  for (let rest = totalBytes + 4; rest > 0; rest -= F) sizes.push(Math.min(F, rest))
  return sizes
}

const sum = (values: readonly number[]): number => values.reduce((total, each) => total + each, 0)

test('what is left of a message costs what its frames cost that are left', () => {
  const property = fc.property(fc.integer({ min: F + 1, max: 20 * F }), fc.nat(), (total, pick) => {
    const sizes = fragments(total)
    const sent = pick % sizes.length
    assert.equal(remainingCost(total, sum(sizes.slice(0, sent)), F), sum(sizes.slice(sent).map(frameCost)))
  })
  fc.assert(property, { numRuns: 2000, seed: 3 })
})

test('a frame costs its padded payload and 64 bytes', () => {
  assert.deepEqual([1, 8, 9, F].map(frameCost), [72, 72, 80, F + 64])
})

test('sender and receiver never disagree, the elastic budget is never exceeded, and all of it comes back', () => {
  const step = fc.record({
    stream: fc.nat(3),
    does: fc.constantFrom('send', 'take', 'grant', 'starve'),
    bytes: fc.integer({ min: 1, max: F }),
  })
  const property = fc.property(
    fc.nat(4000),
    fc.constantFrom(1, 1000, 10_000),
    fc.array(step, { maxLength: 200 }),
    (elastic, windowMax, steps) => {
      const budget = new Budget(elastic)
      const streams = [0, 1, 2, 3].map(() => {
        const receive = new ReceiveCredit(F, budget, windowMax)
        const send = new SendCredit()
        send.grant(receive.grant())
        return { receive, send, buffered: [] as number[] }
      })
      for (const { stream, does, bytes } of steps) {
        const { receive, send, buffered } = streams[stream]
        const cost = frameCost(bytes)
        if (does === 'send' && send.left >= cost) {
          send.take(cost)
          receive.receive(cost)
          buffered.push(cost)
        } else if (does === 'take' && buffered.length > 0) receive.take(buffered.shift()!)
        else if (does === 'grant' && receive.isDue) send.grant(receive.grant())
        else if (does === 'starve' && buffered.length === 0) {
          send.grant(receive.grant())
          assert.ok(send.left >= frameCost(F), 'a starving stream cannot begin a message')
        }
        assert.ok(budget.chargedBytes <= elastic && budget.chargedBytes >= 0, `${budget.chargedBytes} of ${elastic} charged`)
      }
      for (const { receive } of streams) receive.close()
      assert.deepEqual([budget.chargedBytes, budget.streams], [0, 0])
    },
  )
  fc.assert(property, { numRuns: 1000, seed: 3 })
})

test('the overdraft goes to whoever asked first of those who need it now, one at a time', () => {
  const overdraft = new Overdraft()
  const lent: string[] = []
  const borrower = (name: string): Borrower & { needsOverdraft: boolean } => ({ needsOverdraft: true, lend: () => lent.push(name) })
  const [a, b, c] = ['a', 'b', 'c'].map(borrower)
  for (const each of [a, b, a, c]) overdraft.ask(each)
  assert.deepEqual(lent, ['a'])
  b.needsOverdraft = false
  overdraft.release(a)
  assert.deepEqual(lent, ['a', 'c'])
  overdraft.release(a)
  overdraft.release(c)
  assert.equal(overdraft.isFree, true)
  b.needsOverdraft = true
  overdraft.ask(b)
  assert.deepEqual(lent, ['a', 'c', 'b'])
})
