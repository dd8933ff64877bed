import assert from 'node:assert/strict'
import test from 'node:test'
import { deserialize, serialize } from 'node:v8'
import fc from 'fast-check'
import { readClone } from '../../src/base/clone.js'

/** A sparse array of 2^25 - 1: 272 MB before its first element. */
const SPARSE = '61ffffff0f4000ffffff0f'
/** One of 60,000. */
const SHORTER = '61e0d4034000e0d403'
const MARK = 'a place to put it'
const clone = (hex: string) => Buffer.from(`ff0f${hex}`, 'hex')
const refused = { code: 'NotCloneable' }

/** Looks like sparse arrays of millions, and is text and bytes. */
const LOOKALIKE = 'aÿÿÿ\x0f'.repeat(1000)

/** The clone of `value` with a huge sparse array where it has the mark. */
function sparse(value: unknown): Buffer {
  const hex = serialize(value).toString('hex')
  const mark = serialize(MARK).subarray(2).toString('hex')
  assert.equal(hex.split(mark).length, 2)
  return Buffer.from(hex.replace(mark, SPARSE), 'hex')
}

function holes(length: number): unknown[] {
  const array: unknown[] = []
  array.length = length
  return array
}

test('arrays that announce far more elements than a clone has bytes are refused before memory is taken for them', () => {
  const before = process.memoryUsage().heapUsed
  for (const [what, bytes] of [
    ['alone', clone(SPARSE)],
    ['in an array', clone(`4102${SPARSE}${SPARSE}240002`)],
    ['many small ones', clone(`41d00f${SHORTER.repeat(2000)}2400d00f`)],
    ['in a map', sparse(new Map([['key', MARK]]))],
    ['in a set in an object', sparse({ deep: new Set([MARK]) })],
    ['behind an error and its cause', sparse([new RangeError('text', { cause: new Error('inner') }), MARK])],
    ['behind a thing of every kind', sparse([everything(), MARK])],
  ] as const) {
    assert.throws(() => readClone(bytes), refused, what)
  }
  assert.ok(process.memoryUsage().heapUsed - before < 100e6)
})

test('an array with holes is read where it is about as long as its clone, or so long that V8 keeps it as a table', () => {
  assert.equal((readClone(serialize(holes(60_000))) as unknown[]).length, 60_000)
  assert.equal((readClone(serialize(holes(0xffff_ffff))) as unknown[]).length, 0xffff_ffff)
})

test('text and bytes that look like such arrays are read', () => {
  const bytes = Buffer.from(LOOKALIKE, 'latin1')
  for (const value of [
    LOOKALIKE,
    { [LOOKALIKE]: 1 },
    [LOOKALIKE, '€'],
    new Error(LOOKALIKE),
    new Map([[LOOKALIKE, new Set([new Uint8Array(bytes)])]]),
  ]) {
    assert.deepEqual(readClone(serialize(value)), value)
  }
  const kinds = serialize({ ...everything(), bytes })
  assert.deepEqual(readClone(kinds), deserialize(kinds))
})

test('whatever V8 writes is walked through to its end', () => {
  const property = fc.property(
    fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true, withSparseArray: true }),
    (value) => {
      const whole = [value, LOOKALIKE]
      let bytes: Uint8Array
      try {
        bytes = serialize(whole)
      } catch {
        // Not everything can be cloned; what cannot is not written.
        return
      }
      // As bytes, since to some versions of Node an invalid date is not equal to another.
      assert.deepEqual(serialize(readClone(bytes)), serialize(deserialize(bytes)))
      assert.throws(() => readClone(sparse([value, MARK])), refused)
    },
  )
  fc.assert(property, { numRuns: 300 })
})

test('a clone that ends anywhere too early is an error, never a value', () => {
  const bytes = serialize([everything(), LOOKALIKE])
  for (let length = 0; length < bytes.length; length += length < 400 ? 1 : 97) {
    assert.throws(() => readClone(bytes.subarray(0, length)), Error, `${length} bytes`)
  }
})

function everything(): object {
  const itself: Record<string, unknown> = {}
  itself.itself = itself
  return {
    plain: [undefined, null, true, false, 1, -1, 1.5, 2 ** 31, 12n ** 40n, '', 'text', 'ünï', '€'],
    boxed: [Object(1), Object('text'), Object(1n), Object(true), Object(false)],
    objects: [new Date(0), /a.b/giu, new Map([[1, { a: 1 }]]), new Set(['a']), itself],
    buffers: [new ArrayBuffer(9), new Float64Array(3), new DataView(new ArrayBuffer(5)), new Uint8Array(0)],
    // biome-ignore lint/suspicious/noSparseArray: it is what is tested
    arrays: [[1, , 3], Object.assign([1, 2], { extra: 'own' }), []],
    error: new TypeError('wrong', { cause: [new Error('why')] }),
  }
}
