import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const MAIN = fileURLToPath(new URL('./main.js', import.meta.url))

test('the soak ends, tells what was done and leaves nothing open', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, '--minutes', '0.01', '--seed', '3'])
  assert.match(stdout, /^start \(0 s\): 0 queries, 0 calls/)
  assert.match(stdout, /\nend \(\d+ s\): [1-9]\d* queries, [1-9]\d* calls, [1-9]\d* pools; \d+ stalls told; RSS [\d.]+ MiB, heap/)
  assert.match(stdout, /\nactive handles: \[\]\n$/)
})

test('the soak refuses what is no time or seed', async () => {
  for (const wrong of [
    ['--minutes', '0'],
    ['--seed', 'x'],
  ]) {
    await assert.rejects(promisify(execFile)(process.execPath, [MAIN, ...wrong]), /soak: --minutes M, --seed S/)
  }
})
