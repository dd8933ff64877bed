import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NAP_MS, Rest, SPIN_MS } from '../../src/mesh/rest.js'

class Hands {
  nowMs = 1000
  readonly rest: Rest

  constructor(mayBlock: boolean) {
    this.rest = new Rest({ now: () => this.nowMs }, mayBlock)
  }

  sleep(ms: number, by: 'self' | 'peer' = 'peer'): void {
    this.rest.fellAsleep()
    this.nowMs += ms
    this.rest.wokeUp(by)
    this.rest.worked()
  }

  /** How long it looks on after work, in steps of 10 us. */
  patienceMs(): number {
    this.rest.worked()
    const startMs = this.nowMs
    while (this.rest.next() === 'look') this.nowMs += 0.01
    return this.nowMs - startMs
  }
}

test('a loop that has slept long sleeps again at once, whether it may block or not', () => {
  for (const mayBlock of [false, true]) {
    const hands = new Hands(mayBlock)
    assert.equal(hands.rest.next(), 'sleep')
    hands.sleep(50)
    assert.equal(hands.rest.next(), 'sleep')
  }
})

test('one that may not block looks on, after a short sleep about as long as that was, and after long sleeps no more', () => {
  const hands = new Hands(false)
  hands.sleep(0.1)
  assert.ok(Math.abs(hands.patienceMs() - 0.1) < 0.02)
  assert.equal(hands.rest.next(), 'sleep')
  const patience = [1, 2, 3, 4, 5, 6].map(() => {
    hands.sleep(5)
    return hands.patienceMs()
  })
  assert.ok(patience.every((each, index) => index === 0 || each <= (patience[index - 1] as number)))
  assert.equal(patience.at(-1), 0)
})

test('one that may block naps after a short sleep, until a nap that nobody ends', () => {
  const hands = new Hands(true)
  hands.sleep(NAP_MS / 2)
  for (let nap = 0; nap < 3; nap++) {
    assert.equal(hands.rest.next(), 'nap')
    hands.rest.napped(true, NAP_MS / 2)
  }
  hands.rest.napped(false, NAP_MS)
  assert.equal(hands.rest.next(), 'sleep')
  hands.sleep(NAP_MS / 2)
  assert.equal(hands.rest.next(), 'nap')
})

test('one whose last nap was over at once looks on before it blocks, and no more after one that took longer or that nobody ended', () => {
  const hands = new Hands(true)
  hands.sleep(NAP_MS / 2)
  const spins = (
    [
      [true, SPIN_MS / 2],
      [true, SPIN_MS * 2],
      [true, SPIN_MS / 2],
      [false, SPIN_MS / 2],
    ] as const
  ).map(([woken, tookMs]) => {
    hands.rest.napped(woken, tookMs)
    return hands.rest.spinMs
  })
  assert.deepEqual(spins, [SPIN_MS, 0, SPIN_MS, 0])
})

test('a thread that woke by itself does not block: what it waits for comes by its event loop', () => {
  const hands = new Hands(true)
  hands.sleep(NAP_MS / 2, 'self')
  assert.equal(hands.rest.next(), 'sleep')
})
