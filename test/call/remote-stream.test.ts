import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RemoteStream } from '../../src/call/remote-stream.js'
import { encodeValue } from '../../src/call/value-writer.js'
import type { Inbound } from '../../src/stream/inbound.js'

/** An inbound stream whose messages come when they are told to. */
class Told {
  private readonly messages: Uint8Array[] = []
  private wake: () => void = () => {}
  isDone = false

  get stream(): RemoteStream<string> {
    return new RemoteStream(() => Promise.resolve(this as unknown as Inbound), undefined)
  }

  tell(...values: string[]): void {
    this.messages.push(...values.map((value) => encodeValue(value)))
    this.wake()
  }

  end(): void {
    this.isDone = true
    this.wake()
  }

  take(): Uint8Array | undefined {
    return this.messages.shift()
  }

  ready(): Promise<void> {
    if (this.messages.length > 0 || this.isDone) return Promise.resolve()
    return new Promise((resolve) => {
      this.wake = resolve
    })
  }

  cancel(): void {}
}

test('what is at hand is given at once, also right after a value that was waited for', async () => {
  const told = new Told()
  const { stream } = told
  const first = stream.next()
  told.tell('a', 'b', 'c')
  assert.deepEqual(await first, { value: 'a', done: false })
  for (const value of ['b', 'c']) {
    let given: unknown
    void stream.next().then((result) => {
      given = result
    })
    await Promise.resolve()
    assert.deepEqual(given, { value, done: false })
  }
})

test('calls of next that overlap are answered in order, and the end to all that are left', async () => {
  const told = new Told()
  const { stream } = told
  const answers = Array.from({ length: 5 }, () => stream.next())
  told.tell('a')
  assert.deepEqual(await answers[0], { value: 'a', done: false })
  const late = stream.next()
  told.tell('b', 'c')
  assert.deepEqual(await answers[2], { value: 'c', done: false })
  told.end()
  assert.deepEqual(await Promise.all([...answers.slice(3), late, stream.next()]), Array(4).fill({ value: undefined, done: true }))
  assert.deepEqual(await answers[1], { value: 'b', done: false })
})
