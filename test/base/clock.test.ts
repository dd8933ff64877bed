import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import test from 'node:test'
import { systemClock } from '../../src/base/clock.js'

test('the clock never goes back', () => {
  let last = systemClock.now()
  for (let i = 0; i < 1000; i++) {
    const now = systemClock.now()
    assert.ok(now >= last)
    last = now
  }
})

test('a scheduled callback runs once, and no earlier than asked', async () => {
  const began = systemClock.now()
  let runs = 0
  const hold = setInterval(() => {}, 1000)
  await new Promise<void>((resolve) => {
    systemClock.schedule(() => {
      runs++
      resolve()
    }, 5)
  })
  clearInterval(hold)
  assert.equal(runs, 1)
  assert.ok(systemClock.now() - began >= 4)
})

test('a callback that was taken back does not run, and taking it back twice is no error', async () => {
  let ran = false
  const takeBack = systemClock.schedule(() => {
    ran = true
  }, 0)
  takeBack()
  takeBack()
  const hold = setInterval(() => {}, 1000)
  await new Promise<void>((resolve) => {
    systemClock.schedule(resolve, 2)
  })
  clearInterval(hold)
  assert.equal(ran, false)
})

test('a scheduled callback does not hold the process open', () => {
  const clock = JSON.stringify(new URL('../../src/base/clock.js', import.meta.url).href)
  const program = `import { systemClock } from ${clock}; systemClock.schedule(() => console.log('ran'), 3_600_000)`
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8', timeout: 20_000 })
  assert.equal(output, '')
})
