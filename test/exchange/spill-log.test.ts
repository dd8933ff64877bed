import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { Spill } from '../../src/exchange/spill.js'
import { SpillLog } from '../../src/exchange/spill-log.js'
import { FakeFolder } from '../support/fake-folder.js'
import { message } from '../support/test-source.js'

const NO_LIMIT = Number.MAX_SAFE_INTEGER
const MIB = 1024 * 1024

test('every cursor of a log reads every message, once and in order, however they are interleaved and closed', () => {
  const step = fc.oneof(
    fc.record({ append: fc.integer({ min: 1, max: 2000 }) }),
    fc.record({ take: fc.nat(2) }),
    fc.record({ close: fc.nat(2) }),
  )
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 60 }), (readers, steps) => {
      const folder = new FakeFolder()
      const spill = new Spill(folder, NO_LIMIT)
      const log = new SpillLog(spill, 'a log', readers)
      const expected: Uint8Array[][] = Array.from({ length: readers }, () => [])
      for (const [n, each] of steps.entries()) {
        if ('append' in each) {
          const bytes = message(each.append, n)
          log.append(bytes)
          for (const [reader, queue] of expected.entries()) if (log.cursors[reader].isOpen) queue.push(bytes)
        } else if ('take' in each) {
          const reader = each.take % readers
          assert.deepEqual(log.cursors[reader].take(), expected[reader].shift())
        } else {
          log.cursors[each.close % readers].close()
          expected[each.close % readers] = []
        }
        for (const [reader, queue] of expected.entries()) {
          const unread = queue.reduce((sum, { length }) => sum + length, 0)
          assert.equal(log.cursors[reader].unreadBytes, unread)
        }
      }
      log.close()
      assert.deepEqual([spill.openFiles, folder.openFiles, spill.heldBytes], [0, 0, 0])
    }),
  )
})

test('nothing is opened before the first message, and what nobody reads is not written', () => {
  const folder = new FakeFolder()
  const spill = new Spill(folder, NO_LIMIT)
  const log = new SpillLog(spill, 'a log', 2)
  assert.equal(folder.calls.open, 0)
  for (const cursor of log.cursors) cursor.close()
  log.append(message(10))
  assert.deepEqual(folder.calls, { open: 0, write: 0, read: 0 })
})

test('a log that is read as it is written keeps its place on the disk small', () => {
  const spill = new Spill(new FakeFolder(), 100_000)
  const log = new SpillLog(spill, 'a log')
  for (let n = 0; n < 100; n++) {
    log.append(message(40_000, n))
    log.append(message(40_000, n + 1))
    assert.deepEqual([log.cursors[0].take(), log.cursors[0].take()], [message(40_000, n), message(40_000, n + 1)])
  }
  assert.equal(spill.writtenBytes, 8_000_000)
  assert.equal(spill.heldBytes, 80_000)
  log.close()
})

test('the disk gets back what all cursors have read, while the rest of the log waits', () => {
  const folder = new FakeFolder()
  const spill = new Spill(folder, NO_LIMIT)
  const log = new SpillLog(spill, 'a log', 2)
  for (let n = 0; n < 64; n++) log.append(message(MIB, n))
  const [fast, slow] = log.cursors
  for (let n = 0; n < 40; n++) fast.take()
  assert.equal(spill.heldBytes, 64 * MIB, 'the slow one has read nothing')
  for (let n = 0; n < 33; n++) slow.take()
  assert.equal(spill.heldBytes, 32 * MIB)
  slow.close()
  assert.deepEqual(fast.take(), message(MIB, 40))
  assert.deepEqual([spill.heldBytes, folder.openFiles], [32 * MIB, 2])
  fast.close()
  assert.deepEqual([spill.heldBytes, folder.openFiles], [0, 0])
})

test('beyond its bytes a spill ends by SpillBudget, which says where and how many; what is given back counts no more', () => {
  const spill = new Spill(new FakeFolder(), 1000)
  const first = new SpillLog(spill, 'stage 3 sort')
  const second = new SpillLog(spill, 'stage 4, rows for participant 2')
  first.append(message(900))
  assert.throws(() => second.append(message(101)), {
    code: 'SpillBudget',
    message: /^stage 4, rows for participant 2: 101 more bytes to 900 .* more than the 1000 allowed: give more spillBytes/,
  })
  assert.equal(second.cursors[0].take(), undefined)
  first.close()
  second.append(message(1000))
  assert.deepEqual(second.cursors[0].take(), message(1000))
  second.close()
  assert.equal(spill.openFiles, 0)
})

for (const [call, code] of [
  ['open', 'EACCES'],
  ['write', 'ENOSPC'],
  ['read', 'EIO'],
] as const) {
  test(`${code} at ${call} is SpillFailed with place, path, bytes and cause, and nothing stays open`, () => {
    const folder = new FakeFolder()
    const spill = new Spill(folder, NO_LIMIT)
    const log = new SpillLog(spill, 'stage 3 sort')
    folder.failOn(call, code)
    const work = (): unknown => {
      log.append(message(77))
      return log.cursors[0].take()
    }
    assert.throws(work, (error: Error & Record<string, unknown>) => {
      assert.equal(error.code, 'SpillFailed')
      assert.match(
        error.message,
        /^stage 3 sort: could not (open a file|write 77 bytes of 77|read 77 bytes of 77) at \/fake.*: E\w+: as if/,
      )
      assert.deepEqual([error.path, error.bytes], call === 'open' ? ['/fake', 0] : ['/fake/1', 77])
      assert.equal((error.cause as NodeJS.ErrnoException).code, code)
      return true
    })
    log.close()
    assert.deepEqual([spill.openFiles, folder.openFiles, spill.heldBytes], [0, 0, 0])
  })
}
