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

test('objects that are alike arrive as their clones would, in their place', () => {
  const scalar = fc.oneof(fc.string({ unit: 'binary' }), fc.double(), fc.boolean(), fc.constant(null))
  const usual = fc.oneof({ weight: 20, arbitrary: fc.double() }, { weight: 1, arbitrary: fc.anything() })
  const rows = fc.oneof(
    fc.record({ id: fc.nat(), text: fc.string({ unit: 'binary' }), isSo: fc.boolean(), ratio: fc.double() }, { noNullPrototype: false }),
    fc.record({ id: usual, text: scalar, 7: fc.boolean() }),
    fc.record({ id: fc.nat(), text: fc.string(), isSo: fc.boolean() }, { requiredKeys: ['id'] }),
  )
  const runs = fc.array(
    fc.oneof({ weight: 4, arbitrary: fc.array(rows, { minLength: 2, maxLength: 20 }) }, { weight: 1, arbitrary: fc.array(fc.jsonValue()) }),
  )
  fc.assert(
    fc.property(runs, (several) => {
      const values = several.flat()
      let clones: unknown[]
      try {
        clones = values.map((each) => deserialize(serialize(each)))
      } catch {
        return
      }
      assert.deepEqual(travelled(values), clones)
    }),
    { numRuns: 400 },
  )
})

test('bytes are in memory of their own, unless the reader lets them share it', () => {
  const values = [1, 100, 8000].map((length) => new Uint8Array(length).fill(length))
  const message = messageOf(values)
  const own = new ValueReader(message)
  const [first, ...others] = values.map(() => own.next() as Uint8Array)
  for (const each of [first, ...others]) assert.equal(each.buffer.byteLength, each.length)
  structuredClone(first, { transfer: [first.buffer as ArrayBuffer] })
  assert.deepEqual(others, values.slice(1))
  const shared = new ValueReader(message, true)
  assert.deepEqual(
    values.map(() => (shared.next() as Uint8Array).buffer === message.buffer),
    [true, true, true],
  )
  const alone = encodeValue(values[2])
  assert.equal((readOne(alone) as Uint8Array).buffer, alone.buffer)
})

/** The kinds of the entries of a message. */
function kindsOf(message: Uint8Array): number[] {
  const kinds: number[] = []
  const view = new DataView(message.buffer, message.byteOffset)
  for (let at = 0; at < message.length; ) {
    const word = view.getUint32(at, true)
    kinds.push(word >>> 28)
    at = (at + 8 + (word & 0x0fff_ffff) + 7) & ~7
  }
  return kinds
}

function messageOf(values: readonly unknown[]): Uint8Array {
  const writer = new ValueWriter()
  for (const value of values) assert.equal(writer.add(value), undefined)
  return writer.takeMessage()
}

test('objects that are alike are one entry behind the first, whatever of their texts is odd', () => {
  const odd = ['\ud800', '\u0000\n"\\', '漢字', '', 'x'.repeat(10_000)]
  const values = odd.map((text, n) => ({ n: n === 2 ? Number.NaN : n + 1, text, isOdd: n % 2 === 1, 5: null }))
  const message = messageOf(values)
  assert.deepEqual(kindsOf(message), [ENTRY.json, ENTRY.rows])
  assert.deepEqual(travelled(values), values)
})

test('rows are not what only looks like one, and one that throws leaves no trace', () => {
  class Point {
    x = 1
    y = true
  }
  const plain = { x: 1, y: true }
  const throws = {
    x: 2,
    get y(): boolean {
      throw new RangeError('no')
    },
  }
  const proto = JSON.parse('{"__proto__": 1}') as object
  const others = [
    new Point(),
    { y: true, x: 1 },
    { x: 1, y: true, z: 1 },
    { x: 1 },
    { x: 1, y: 1n },
    { x: '1', y: true },
    proto,
    proto,
    [1, true],
    {},
  ]
  const writer = new ValueWriter()
  writer.add(plain)
  writer.add(plain)
  assert.throws(() => writer.add(throws), RangeError)
  writer.add(plain)
  assert.deepEqual(kindsOf(writer.takeMessage()), [ENTRY.json, ENTRY.rows])
  for (const other of others)
    assert.deepEqual(travelled([plain, plain, other, plain, plain]), [plain, plain, deserialize(serialize(other)), plain, plain])
  assert.equal(Object.getPrototypeOf(travelled([plain, Object.assign(Object.create(null), plain)])[1]), Object.prototype)
})

test('a column of numbers in which texts or null appear is of both from then on', () => {
  const values = [1, 2, null, 'three', 4, 5, -0, 6].map((n) => ({ n }))
  assert.deepEqual(kindsOf(messageOf(values)), [ENTRY.json, ENTRY.rows, ENTRY.json, ENTRY.rows, ENTRY.clone, ENTRY.rows])
  assert.deepEqual(travelled(values), values)
})

test('objects that are never alike are soon no longer compared', () => {
  const values = Array.from({ length: 40 }, (_none, n) => ({ [`key${n % 2}`]: n }))
  values.push({ key: 1 }, { key: 2 }, { key: 3 })
  assert.deepEqual(kindsOf(messageOf(values)), [ENTRY.json])
})

test('texts that take more than they seem to make a larger message, not a broken one', () => {
  const values = Array.from({ length: 15 }, (_none, n) => ({ n, text: '\u0001'.repeat(n === 0 ? 1 : 4000) }))
  const message = messageOf(values)
  assert.ok(message.length > 6 * 4000 * 14)
  assert.deepEqual(travelled(values), values)
})

test('rows that are not as they should be are a protocol error', () => {
  const rows = messageOf([1, 2, 3].map((n) => ({ n, isSo: true, text: `t${n}` }))).subarray(40)
  assert.deepEqual(kindsOf(rows), [ENTRY.rows])
  const headAt = 16
  const changed = (change: (message: Buffer) => void): Uint8Array => {
    const message = Buffer.from(rows)
    change(message)
    return message
  }
  const read = (message: Uint8Array): unknown[] => {
    const reader = new ValueReader(message)
    return [reader.next(), reader.next()]
  }
  assert.deepEqual(read(rows), [
    { n: 2, isSo: true, text: 't2' },
    { n: 3, isSo: true, text: 't3' },
  ])
  const head = Buffer.from(rows.subarray(headAt)).toString('latin1').slice(0, 30)
  assert.match(head, /^\[\["n","isSo","text"\],"nbj"\]/)
  for (const wrong of [
    changed((message) => message.writeUInt32LE(0, 8)),
    changed((message) => message.writeUInt32LE(1, 8)),
    changed((message) => message.writeUInt32LE(3, 8)),
    changed((message) => message.writeUInt32LE(0xffff_ffff, 8)),
    changed((message) => message.writeUInt32LE(5, 12)),
    changed((message) => message.writeUInt32LE(0xffff_ffff, 12)),
    changed((message) => message.write('[["n","n","text"],"nbj"]   ', headAt)),
    changed((message) => message.write('[["n","isSo","text"],"nbx"]', headAt)),
    changed((message) => message.write('[["n","isSo","text"],"nb" ]', headAt)),
    changed((message) => message.write('{"n":["isSo","text"],"n":1}', headAt)),
    changed((message) => message.write('x', message.indexOf('["t2"'))),
    changed((message) => message.write('["t2,t3"]', message.indexOf('["t2"'))),
  ]) {
    assert.throws(() => read(wrong), { code: 'Protocol' })
  }
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
