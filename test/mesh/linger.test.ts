import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Linger } from '../../src/mesh/linger.js'

class Hands {
  nowMs = 1000
  readonly linger = new Linger({ now: () => this.nowMs })

  sleep(ms: number): void {
    this.linger.fellAsleep()
    this.nowMs += ms
    this.linger.wokeUp()
    this.linger.worked()
  }

  /** How long it looks on after work, in steps of 10 us. */
  patienceMs(): number {
    this.linger.worked()
    const startMs = this.nowMs
    while (this.linger.isPatient) this.nowMs += 0.01
    return this.nowMs - startMs
  }
}

test('a loop that has slept long does not linger', () => {
  const hands = new Hands()
  assert.equal(hands.patienceMs(), 0)
  hands.sleep(50)
  assert.equal(hands.patienceMs(), 0)
})

test('after a nap it lingers about as long as the nap, and after long sleeps no more', () => {
  const hands = new Hands()
  hands.sleep(0.1)
  assert.ok(Math.abs(hands.patienceMs() - 0.1) < 0.02)
  const patience = [1, 2, 3, 4, 5, 6].map(() => {
    hands.sleep(5)
    return hands.patienceMs()
  })
  assert.ok(patience.every((each, index) => index === 0 || each <= (patience[index - 1] as number)))
  assert.equal(patience.at(-1), 0)
})
