import assert from 'node:assert/strict'
import { serialize } from 'node:v8'
import { ProtocolError } from '../../src/base/errors.js'
import { decodeError, encodeError, RANK, rankOf } from '../../src/stream/error-payload.js'
import { type Dice, joined, mutate } from './dice.js'
import { anyValue } from './values.js'

/** The smallest F. */
const FRAME_BYTES = 512

/** The payload of an ERROR: an error that can be looked at and passed on, or a ProtocolError. */
export function errorCase(dice: Dice): void {
  readError(hostilePayload(dice))
}

export function readError(payload: Uint8Array): void {
  let error: unknown
  try {
    error = decodeError(payload)
  } catch (refusal) {
    assert.ok(refusal instanceof ProtocolError, `no ProtocolError: ${String(refusal)}`)
    return
  }
  const passedOn = encodeError(error, rankOf(error), FRAME_BYTES)
  assert.ok(passedOn.length <= FRAME_BYTES)
  decodeError(passedOn)
  if (error instanceof Error) for (const text of [error.name, error.message, error.stack ?? '']) assert.equal(typeof text, 'string')
}

function hostilePayload(dice: Dice): Uint8Array {
  if (dice.chance(0.05)) return dice.bytes(1 + dice.int(64))
  if (dice.chance(0.5)) {
    const payload = encodeError(anyThrown(dice), dice.pick(Object.values(RANK)), FRAME_BYTES)
    const spoiled = mutate(dice, payload)
    return spoiled.length === 0 ? payload : spoiled
  }
  const clone = serialize(anyTree(dice, 0, []))
  return joined(Uint8Array.of(dice.int(3)), dice.chance(0.3) ? mutate(dice, clone) : clone)
}

function anyThrown(dice: Dice): unknown {
  if (dice.chance(0.3)) return anyValue(dice)
  const cause = dice.chance(0.3) ? { cause: anyThrown(dice) } : undefined
  if (dice.chance(0.2)) return new AggregateError([anyThrown(dice)], 'several', cause)
  return Object.assign(new RangeError('out of range', cause), { detail: anyValue(dice) })
}

/** What stands for an error on the wire, with anything where something is expected, and trees that hold each other many times. */
function anyTree(dice: Dice, depth: number, earlier: object[]): unknown {
  if (dice.chance(0.1)) return anyValue(dice)
  if (earlier.length > 0 && dice.chance(0.2)) return dice.pick(earlier)
  const tree: Record<string, unknown> = { name: 'Error', message: 'text' }
  earlier.push(tree)
  const put = (key: string, make: () => unknown): void => {
    if (dice.chance(0.25)) tree[key] = dice.chance(0.6) ? make() : anyValue(dice)
  }
  const inner = (): unknown => (depth > 12 ? undefined : anyTree(dice, depth + 1, earlier))
  put('name', () => dice.pick(['TypeError', 'ProtocolError', '__proto__', '', 'DataCloneError']))
  put('message', () => 'other')
  put('stack', () => 'Error: text\n    at nowhere')
  put('code', () => dice.pick(['Protocol', 'Internal', 'Cancelled', '__proto__', 'ENOENT']))
  put('properties', () => ({ message: anyValue(dice), name: anyValue(dice), stack: anyValue(dice), code: 1, cause: 2, constructor: 3 }))
  put('thrown', () => ({ value: anyValue(dice) }))
  put('dom', () => true)
  put('cause', inner)
  put('errors', () => Array.from({ length: dice.int(4) }, inner))
  return tree
}
