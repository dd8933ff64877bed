import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { Output } from '../../src/cli/output.js'
import { fakeShell } from './support/fake-shell.js'

test('small pieces go out together, in order, when the event loop turns', async () => {
  const pieces: string[] = []
  const output = new Output(fakeShell({ take: (text, done) => done(void pieces.push(text) as undefined) }).stdout)
  for (const text of ['a', 'b', 'c']) assert.equal(output.write(text), undefined)
  assert.deepEqual(pieces, [])
  await setImmediate()
  assert.deepEqual(pieces, ['abc'])
})

test('a stream that is full makes the writer wait until it has drained', async () => {
  const takes: (() => void)[] = []
  const output = new Output(fakeShell({ take: (_text, done) => takes.push(done) }).stdout)
  const waiting = output.write('x'.repeat(100_000))
  assert.ok(waiting instanceof Promise)
  let drained = false
  const seen = waiting.then(() => {
    drained = true
  })
  await setImmediate()
  assert.equal(drained, false)
  takes.shift()?.()
  await seen
  assert.equal(drained, true)
})

test('a reader that leaves is told once, later text is dropped, and nothing throws', async () => {
  const epipe = Object.assign(new Error('broken pipe'), { code: 'EPIPE' })
  const output = new Output(fakeShell({ take: (_text, done) => done(epipe) }).stdout)
  let told = 0
  output.onClosed(() => {
    told++
  })
  await output.write('x'.repeat(100_000))
  await output.write('more')
  await output.finish()
  assert.deepEqual([told, output.closed, output.failure], [1, true, undefined])
})

test('any other error of the stream is thrown to the writer and kept', async () => {
  const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' })
  const output = new Output(fakeShell({ take: (_text, done) => done(full) }).stdout)
  await assert.rejects(async () => {
    await output.write('x'.repeat(100_000))
    await output.finish()
  }, full)
  assert.equal(output.failure, full)
})

test('a writer that waits for a reader that never reads is let go when the output is abandoned', async () => {
  const output = new Output(fakeShell({ take: () => {} }).stdout)
  const waiting = output.write('x'.repeat(100_000))
  output.abandon()
  await waiting
  await output.finish()
})
