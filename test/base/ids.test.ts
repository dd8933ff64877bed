import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { LEADER, logicalId, logicalOf, participantId, physicalId, senderOf } from '../../src/base/ids.js'

const u16 = fc.integer({ min: 0, max: 0xffff })

test('a physical id is the logical id in its high half and the sender in its low half', () => {
  assert.equal(physicalId(logicalId(0x1234), participantId(0x5678)), 0x1234_5678)
  assert.equal(physicalId(logicalId(0), LEADER), 0)
})

test('a physical id with the highest bit set stays positive', () => {
  assert.equal(physicalId(logicalId(0x8000), LEADER), 0x8000_0000)
  assert.equal(physicalId(logicalId(0xffff), participantId(0xffff)), 0xffff_ffff)
})

test('both halves come back out of every physical id', () => {
  fc.assert(
    fc.property(u16, u16, (logical, sender) => {
      const id = physicalId(logicalId(logical), participantId(sender))
      return logicalOf(id) === logical && senderOf(id) === sender && id >= 0 && id <= 0xffff_ffff
    }),
  )
})

test('what is not a u16 is refused by name', () => {
  for (const value of [-1, 0x1_0000, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => participantId(value), { code: 'Internal', message: `participant id ${value} is not a u16` })
    assert.throws(() => logicalId(value), { code: 'Internal', message: `logical stream id ${value} is not a u16` })
  }
})

test('the three kinds of id cannot be mixed up at compile time', () => {
  // @ts-expect-error a plain number is no id
  assert.equal(senderOf(1), 1)
  // @ts-expect-error a logical id is not what frames carry
  assert.equal(logicalOf(logicalId(1)), 0)
  // @ts-expect-error the order is logical id, sender
  assert.equal(physicalId(participantId(1), logicalId(2)), 0x1_0002)
})
