import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { type Libc, loadLibc, Mapper } from '../../src/memory/mapped-memory.js'

const LIBC = loadLibc()
const skip = typeof LIBC === 'string' ? LIBC : false
const libc = LIBC as Libc

const descriptors = (): number => readdirSync('/proc/self/fd').length
const ERRNO = { EMFILE: 24, ENOMEM: 12 } as const

test('what one mapping holds another shows; it outlives its descriptor, and leaves none', { skip }, () => {
  const before = descriptors()
  const mapper = new Mapper(libc)
  const own = mapper.create(0x2000)
  assert.equal(own.segment.byteLength, 0x2000)
  const other = mapper.open(own.address)
  own.closeDescriptor()
  const [a, b] = [own, other].map(({ segment }) => new Int32Array(segment))
  Atomics.store(a, 2047, 42)
  assert.equal(Atomics.load(b, 2047), 42)
  assert.equal(Atomics.exchange(b, 2047, 43), 42)
  assert.equal(a[2047], 43)
  assert.equal(descriptors(), before)
  for (const each of [own, other, own]) each.unmap()
  own.closeDescriptor()
})

test('a segment neither shrinks nor grows, and only such a one is opened', { skip }, () => {
  const mapper = new Mapper(libc)
  const { address, closeDescriptor, unmap } = mapper.create(0x1000)
  assert.ok(libc.ftruncate(address.fd, 0) < 0)
  assert.ok(libc.ftruncate(address.fd, 0x10_0000) < 0)
  assert.throws(() => mapper.open({ ...address, sizeBytes: 0x2000 }), { code: 'Protocol' })
  const unsealed = libc.memfdCreate('unsealed', 3)
  libc.ftruncate(unsealed, 0x1000)
  assert.throws(() => mapper.open({ pid: process.pid, fd: unsealed, sizeBytes: 0x1000 }), { code: 'Protocol', message: /not sealed/ })
  unmap()
  closeDescriptor()
})

for (const [call, errno, broken] of [
  ['memfd_create', 'EMFILE', { memfdCreate: () => -1 }],
  ['ftruncate', 'ENOMEM', { ftruncate: () => -1 }],
  ['mmap', 'ENOMEM', { map: () => undefined }],
] as const) {
  test(`where ${call} fails with ${errno} the error says so and what to do, and nothing is left`, { skip }, () => {
    const before = descriptors()
    const mapper = new Mapper({ ...libc, ...broken, errno: () => ERRNO[errno] })
    assert.throws(() => mapper.create(0x1000), {
      code: 'OutOfMemory',
      message: new RegExp(`^${call} .* 4096 bytes .*: ${errno}; use fewer`),
    })
    assert.equal(descriptors(), before)
  })
}

test('where mapping what another made fails, its descriptor is closed', { skip }, () => {
  const { address, closeDescriptor, unmap } = new Mapper(libc).create(0x1000)
  const before = descriptors()
  const mapper = new Mapper({ ...libc, map: () => undefined, errno: () => ERRNO.ENOMEM })
  assert.throws(() => mapper.open(address), { code: 'OutOfMemory' })
  assert.equal(descriptors(), before)
  unmap()
  closeDescriptor()
})
