import assert from 'node:assert/strict'
import { test } from 'node:test'
import { participantId } from '../../src/base/ids.js'
import { type Part, reportOf, type StallReport } from '../../src/mesh/stall-report.js'
import { StallWatch } from '../../src/mesh/stall-watch.js'
import { FakeClock } from '../support/fake-clock.js'

function watched(): {
  clock: FakeClock
  watch: StallWatch
  reports: StallReport[]
  mesh: { moved: number; looks: number; told: () => void }
} {
  const clock = new FakeClock()
  const reports: StallReport[] = []
  const mesh = { moved: 0, looks: 0, told: () => {} }
  const look = async (): Promise<Part[]> => {
    mesh.looks++
    return [{ participant: participantId(0), said: { moved: mesh.moved, waits: [] } }]
  }
  const onStall = (report: StallReport) => {
    reports.push(report)
    mesh.told()
  }
  return { clock, watch: new StallWatch({ stallMs: 100, clock, look, onStall }), reports, mesh }
}

test('a stall is told once, when nothing moved for the time, and again only after something moved', async () => {
  const { clock, watch, reports, mesh } = watched()
  watch.change(1)
  await clock.advance(50)
  await clock.advance(50)
  assert.equal(reports.length, 0)
  await clock.advance(50)
  assert.deepEqual(
    reports.map(({ stalledMs }) => stalledMs),
    [100],
  )
  for (let n = 0; n < 10; n++) await clock.advance(50)
  assert.equal(reports.length, 1)
  mesh.moved++
  for (let n = 0; n < 3; n++) await clock.advance(50)
  assert.equal(reports.length, 2)
})

test('while nobody waits no timer runs and nobody is asked', async () => {
  const { clock, watch, mesh } = watched()
  assert.equal(clock.timers.size, 0)
  watch.change(1)
  watch.change(1)
  assert.equal(clock.timers.size, 1)
  watch.change(-1)
  assert.equal(clock.timers.size, 1)
  watch.change(-1)
  assert.equal(clock.timers.size, 0)
  await clock.advance(1000)
  assert.equal(mesh.looks, 0)
})

test('what moves all the time, or is waited for anew each time, is no stall', async () => {
  const { clock, watch, reports, mesh } = watched()
  watch.change(1)
  for (let n = 0; n < 20; n++) {
    await clock.advance(50)
    mesh.moved++
  }
  assert.equal(reports.length, 0)
  for (let n = 0; n < 20; n++) {
    await clock.advance(50)
    watch.change(-1)
    watch.change(1)
  }
  assert.equal(reports.length, 0)
})

test('a process that was stopped for long and goes on is not taken for stalled', async () => {
  const { clock, watch, reports, mesh } = watched()
  watch.change(1)
  await clock.advance(50)
  await clock.advance(1e6)
  assert.equal(reports.length, 0)
  mesh.moved++
  await clock.advance(1e6)
  assert.equal(reports.length, 0)
})

test('a wait that ends while participants are asked counts for nothing, nor does one that the report ends', async () => {
  const { clock, watch, reports, mesh } = watched()
  watch.change(1)
  for (let n = 0; n < 2; n++) await clock.advance(50)
  const asked = clock.advance(50)
  watch.change(-1)
  await asked
  assert.equal(reports.length + clock.timers.size, 0)
  watch.change(1)
  mesh.told = () => watch.change(-1)
  for (let n = 0; n < 3; n++) await clock.advance(50)
  assert.equal(reports.length, 1)
  assert.equal(clock.timers.size, 0)
})

test('the report says who is silent or absent, a line each, and stops where nobody reads on', () => {
  const said = (participant: number, told: Part['said']): Part => ({ participant: participantId(participant), said: told })
  const wait = { participant: participantId(0), for: 'data' as const, words: 'participant 0 waits for data' }
  const { text, waits } = reportOf([said(0, { moved: 1, waits: [wait] }), said(1, 'silent'), said(2, 'absent')], 10_000)
  assert.equal(
    text,
    [
      'nothing moved for 10000 ms:',
      'participant 0 waits for data',
      'participant 1 does not answer: its thread is busy',
      'participant 2 takes no part, not yet or not any more',
    ].join('\n'),
  )
  assert.equal(waits.length, 3)
  const many = reportOf([said(0, { moved: 1, waits: Array.from({ length: 1000 }, () => wait) })], 1)
  assert.equal(many.text.split('\n').length, 102)
  assert.match(many.text, /\nand 900 more$/)
})
