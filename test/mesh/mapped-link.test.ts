import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LEADER, participantId } from '../../src/base/ids.js'
import { FRAME } from '../../src/frame/kinds.js'
import { type Libc, loadLibc, Mapper } from '../../src/memory/mapped-memory.js'
import { attachMappedLink, createMappedLink } from '../../src/mesh/mapped-link.js'
import { chooseTransport } from '../../src/mesh/transport.js'

const LIBC = loadLibc()
const skip = typeof LIBC === 'string' ? LIBC : false
const SECOND = participantId(1)
const ENDS = { epoch: 7, first: LEADER, second: SECOND, firstRingBytes: 4096, secondRingBytes: 8192 }
const remote = { isDead: false, wake: () => {} }

test('both ends of a link exchange frames; once released it is empty, takes nothing, and no view of its memory is left', { skip }, () => {
  const mapper = new Mapper(LIBC as Libc)
  const { link, own } = createMappedLink(mapper, ENDS, 2 ** 32 - 1024)
  own.unmap()
  const [a, b] = [LEADER, SECOND].map((self) => attachMappedLink(mapper.open(link.address), link, self, remote))
  own.closeDescriptor()
  const payload = Uint8Array.from({ length: 500 }, (_, n) => n & 0xff)
  for (let n = 0; n < 100; n++) {
    a.frames.outlet.tryWrite(FRAME.DATA, 5 as never, payload, 0, 500, -1)
    a.frames.outlet.publish()
    assert.equal(b.frames.inlet.next(), true)
    assert.deepEqual(Uint8Array.from(b.frames.inlet.copy()), payload)
    b.frames.inlet.release()
  }
  a.fail()
  assert.equal(b.condition(), 'failed')
  for (const end of [a, b]) {
    end.release()
    // Late uses: a view of what is unmapped would end this process.
    assert.equal(end.frames.inlet.hasMore(), false)
    assert.equal(end.frames.inlet.next(), false)
    assert.equal(end.controls.inlet.next(), undefined)
    assert.equal(end.frames.inlet.release(), false)
    assert.equal(end.frames.outlet.publish(), false)
    end.frames.outlet.wantRoom()
    end.fail()
    end.condition()
    end.release()
  }
})

for (const [what, index, value] of [
  ['magic', 1, 0],
  ['version', 2, 2],
  ['size', 3, 4096],
  ['epoch', 4, 8],
] as const) {
  test(`a segment with another ${what} is refused`, { skip }, () => {
    const mapper = new Mapper(LIBC as Libc)
    const { link, own } = createMappedLink(mapper, ENDS)
    new Int32Array(own.segment)[index] = value
    const open = () => attachMappedLink(mapper.open(link.address), link, LEADER, remote)
    assert.throws(open, { code: 'Protocol', message: new RegExp(`^the ${what} of a link is ${value} where`) })
    own.unmap()
    own.closeDescriptor()
  })
}

test('a segment of another size, and rings of another, are refused', { skip }, () => {
  const mapper = new Mapper(LIBC as Libc)
  const { link, own } = createMappedLink(mapper, ENDS)
  const other = { ...link, firstRingBytes: 8192 }
  assert.throws(() => attachMappedLink(mapper.open(link.address), other, LEADER, remote), {
    code: 'Protocol',
    message: /bytes in a segment of/,
  })
  const swapped = { ...link, firstRingBytes: 8192, secondRingBytes: 4096 }
  assert.throws(() => attachMappedLink(mapper.open(link.address), swapped, LEADER, remote), {
    code: 'Protocol',
    message: /the ring says 4096/,
  })
  own.unmap()
  own.closeDescriptor()
})

test('MILLRACE_TRANSPORT says what carries frames; what cannot be is refused, and auto says why it is what it is', { skip }, () => {
  const without = () => 'there is no koffi'
  assert.deepEqual(chooseTransport('auto', without), { kind: 'socket', why: 'there is no koffi' })
  assert.deepEqual(chooseTransport('socket'), { kind: 'socket', why: 'MILLRACE_TRANSPORT is socket' })
  assert.throws(() => chooseTransport('shm', without), { code: 'InvalidArgument', message: /cannot be had: there is no koffi/ })
  assert.throws(() => chooseTransport('smoke'), { code: 'InvalidArgument', message: /"smoke"; it may be auto, shm or socket/ })
  for (const asked of ['auto', 'shm']) {
    const transport = chooseTransport(asked)
    assert.equal(transport.kind, 'shm')
    if (transport.kind === 'shm') transport.table.closeDescriptor()
  }
})
