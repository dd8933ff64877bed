import assert from 'node:assert/strict'
import { serialize } from 'node:v8'
import { RemoteStream } from '../../src/call/remote-stream.js'
import { ValueReader } from '../../src/call/value-reader.js'
import { ENTRY, RAW_BYTES, RAW_MARK, ValueWriter } from '../../src/call/value-writer.js'
import { inboundOf } from '../support/inbound-of.js'
import { type Dice, joined, mutate } from './dice.js'
import { assertNamed } from './named.js'
import { anyValue } from './values.js'

/** Messages of a call's stream: each gives values that can be used, or the stream fails with a named error. */
export async function valueCase(dice: Dice): Promise<void> {
  const messages = Array.from({ length: 1 + dice.int(3) }, () => hostileMessage(dice))
  for (const message of messages) readValues(message)
  await readStream(messages)
}

export function readValues(message: Uint8Array): void {
  const reader = new ValueReader(message)
  let values = 0
  try {
    for (; reader.hasMore; values++) reader.next()
  } catch (error) {
    assertNamed(error)
  }
  // Each has a byte at least, of a column of truth values.
  assert.ok(values <= message.length, 'more values than bytes for them')
}

/** The same messages as the consumer of a stream gets them. */
async function readStream(messages: readonly Uint8Array[]): Promise<void> {
  try {
    for await (const value of new RemoteStream(() => Promise.resolve(inboundOf(messages)), undefined)) void value
  } catch (error) {
    assertNamed(error)
  }
}

/** A message that is one clone. */
export function cloneEntry(clone: Uint8Array): Uint8Array {
  return entry(ENTRY.clone, clone)
}

function hostileMessage(dice: Dice): Uint8Array {
  if (dice.chance(0.1)) return dice.bytes(dice.int(64))
  if (dice.chance(0.1)) return RAW_MARK
  if (dice.chance(0.02)) return new Uint8Array(RAW_BYTES + 1 + dice.int(8)).fill(dice.int(256))
  if (dice.chance(0.4)) return entry(dice.chance(0.9) ? ENTRY.clone : dice.int(16), mutate(dice, serialize(anyValue(dice))))
  if (dice.chance(0.1)) return entry(ENTRY.json, mutate(dice, Buffer.from('{"a":[1,null],"b":"text"},7')))
  if (dice.chance(0.1)) return mutate(dice, rowsOf(2 + dice.int(9)))
  const writer = new ValueWriter()
  for (let count = dice.int(5); count > 0; count--) writer.add(anyValue(dice))
  const message = writer.takeMessage()
  return dice.chance(0.9) ? mutate(dice, message) : message
}

/** One entry of rows, behind one of JSON. */
function rowsOf(count: number): Uint8Array {
  const writer = new ValueWriter()
  for (let n = 0; n < count; n++) writer.add({ n, isEven: n % 2 === 0, text: `text ${n}`, none: null })
  return writer.takeMessage()
}

function entry(kind: number, bytes: Uint8Array): Uint8Array {
  const header = new Uint8Array(8)
  new DataView(header.buffer).setUint32(0, ((kind << 28) | bytes.length) >>> 0, true)
  return joined(header, bytes, new Uint8Array(-bytes.length & 7))
}
