import assert from 'node:assert/strict'
import test from 'node:test'
import { deserialize, serialize } from 'node:v8'
import fc from 'fast-check'
import { plainJson } from '../../src/call/plain-json.js'
import { readOne, ValueReader } from '../../src/call/value-reader.js'
import { ENTRY, encodeValue, ValueWriter } from '../../src/call/value-writer.js'

/** What arrives of values that are written one after the other. */
function travelled(values: readonly unknown[]): unknown[] {
  const writer = new ValueWriter()
  const messages: Uint8Array[] = []
  for (const value of values) {
    const alone = writer.add(value)
    if (alone === undefined) continue
    if (!writer.isEmpty) messages.push(writer.takeMessage())
    messages.push(alone)
  }
  if (!writer.isEmpty) messages.push(writer.takeMessage())
  return messages.flatMap((message) => {
    const reader = new ValueReader(message)
    const read: unknown[] = []
    while (reader.hasMore) read.push(reader.next())
    return read
  })
}

test('whatever can be cloned arrives as its clone would, by whatever way and with whatever before and behind it', () => {
  const value = fc.oneof(
    fc.jsonValue(),
    fc.anything({ withBigInt: true, withMap: true, withSet: true, withSparseArray: true, withNullPrototype: true }),
    fc.record({ id: fc.nat(), name: fc.string({ unit: 'binary' }), score: fc.double(), tags: fc.array(fc.string(), { maxLength: 70 }) }),
  )
  fc.assert(
    fc.property(fc.array(value, { maxLength: 30 }), (values) => {
      let clones: unknown[]
      try {
        clones = values.map((each) => deserialize(serialize(each)))
      } catch {
        // Not everything can be cloned.
        return
      }
      assert.deepEqual(travelled(values), clones)
      for (const [index, each] of values.entries()) assert.deepEqual(readOne(encodeValue(each)), clones[index])
    }),
    { numRuns: 500 },
  )
})

test('what JSON would change is no JSON', () => {
  const shared = { a: 1 }
  const cycle: Record<string, unknown> = {}
  cycle.cycle = cycle
  const holes: unknown[] = [1]
  holes.length = 2
  for (const value of [
    -0,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    undefined,
    1n,
    Symbol('s'),
    () => 1,
    { nothing: undefined },
    [undefined],
    holes,
    Object.assign([1], { extra: 1 }),
    { first: shared, second: shared },
    cycle,
    new Date(0),
    new Map(),
    new (class Point {
      x = 1
    })(),
    { toJSON: () => 1 },
    { deep: { deep: { deep: { deep: {} } } } },
    new Array(65).fill(0),
  ]) {
    assert.equal(plainJson(value), undefined)
  }
  const twice = readOne(encodeValue({ first: shared, second: shared })) as { first: object; second: object }
  assert.equal(twice.first, twice.second)
  const itself = readOne(encodeValue(cycle)) as typeof cycle
  assert.equal(itself.cycle, itself)
})

test('what JSON keeps is JSON, own keys with odd names and broken texts too', () => {
  const odd = JSON.parse('{"__proto__": 1, "constructor": 2, "": 3, "5": 4}') as object
  for (const value of [null, true, {}, [], odd, { text: '\ud800 "\\\n\u2028€', nested: [{ deep: [1, -1.5e300] }, null] }]) {
    assert.notEqual(plainJson(value), undefined)
    assert.deepEqual(readOne(encodeValue(value)), value)
  }
  assert.equal(Object.hasOwn(readOne(encodeValue(odd)) as object, '__proto__'), true)
})

test('a value is what it was when it was added', () => {
  const writer = new ValueWriter()
  const row = { n: 0 }
  for (let n = 0; n < 3; n++) {
    row.n = n
    writer.add(row)
  }
  const reader = new ValueReader(writer.takeMessage())
  assert.deepEqual([reader.next(), reader.next(), reader.next(), reader.hasMore], [{ n: 0 }, { n: 1 }, { n: 2 }, false])
})

test('values that are no JSON, or none, are a protocol error', () => {
  const entry = (text: string): Uint8Array => {
    const bytes = Buffer.from(text)
    const message = new Uint8Array(8 + bytes.length)
    new DataView(message.buffer).setUint32(0, ((ENTRY.json << 28) | bytes.length) >>> 0, true)
    message.set(bytes, 8)
    return message
  }
  assert.equal(readOne(entry('5')), 5)
  for (const wrong of ['', ' ', '{', '1],[2', '1,', ']', 'NaN']) assert.throws(() => readOne(entry(wrong)), { code: 'Protocol' })
  assert.throws(() => readOne(entry('1,2')), { code: 'Protocol' }, 'two where one was expected')
})
