import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ringLink } from '../support/links.js'
import { TestMesh } from '../support/test-mesh.js'
import { assertOutcome, type Case, casesOf, readOut } from './leader.js'
import { SCENARIOS } from './scenarios.js'
import { Seat } from './seat.js'

const FULL = process.env.MILLRACE_FULL === '1'
const SEEDS = FULL ? 10 : 1
/** Turns of the event loop in which nothing happens: more than any stage rests. */
const STILL_MAX = 50

/** Steps until it holds. All asleep before that: a stall, told in words. */
async function stepUntil(mesh: TestMesh, holds: () => boolean): Promise<void> {
  for (let still = 0; !holds(); still++) {
    if (await mesh.loop.step()) still = 0
    if (still < STILL_MAX) continue
    assert.fail(`a stall:\n${mesh.sessions.flatMap((session) => session.waits().waits.map(({ words }) => words)).join('\n')}`)
  }
}

async function settled<T>(mesh: TestMesh, promise: Promise<T>): Promise<T> {
  let done = false
  const mark = () => {
    done = true
  }
  promise.then(mark, mark)
  await stepUntil(mesh, () => done)
  return promise
}

async function play(each: Case, seed: number): Promise<void> {
  const mesh = new TestMesh({ participants: each.workers + 1, factory: ringLink, ringBytes: 4096, elasticBytes: 0, selfLinks: true, seed })
  const seats = mesh.sessions.slice(1).map((session) => new Seat(session, each))
  for (const seat of seats) SCENARIOS[each.scenario].stages(seat)
  for (const session of mesh.sessions) session.seal()
  assertOutcome(await settled(mesh, readOut(mesh.sessions[0], each)), each)
  await settled(mesh, Promise.all(mesh.sessions.map((session) => session.end())))
  await settled(mesh, Promise.all(seats.map((seat) => seat.over())))
  mesh.assertNoLeaks()
}

for (const workers of FULL ? [2, 3, 4, 8] : [2, 4]) {
  describe(`in one thread, ${workers} workers, with the smallest rings and windows, nothing stands still:`, () => {
    for (const { name, ...each } of casesOf(workers)) {
      test(name, async () => {
        for (let seed = 1; seed <= SEEDS; seed++) await play(each, seed)
      })
    }
  })
}
