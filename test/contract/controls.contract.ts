import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import type { PhysicalStreamId } from '../../src/base/ids.js'
import type { ControlInlet, ControlOutlet, ControlRecord } from '../../src/frame/control-record.js'
import { CONTROL, type ControlType } from '../../src/frame/kinds.js'

/** Both ends of one control direction. */
export interface ControlPair {
  readonly outlet: ControlOutlet
  readonly inlet: ControlInlet
}

const CAPACITY = 4096
const RECORDS_MAX = CAPACITY / 16
const record = (value: number): ControlRecord => ({
  type: CONTROL.START_STREAM,
  flags: 0,
  generation: 0,
  id: 7 as PhysicalStreamId,
  value,
})

const u16 = fc.integer({ min: 0, max: 0xffff })
const u32 = fc.integer({ min: 0, max: 0xffff_ffff })
const fields = { flags: fc.constant(0), generation: u16, id: u32 as fc.Arbitrary<PhysicalStreamId>, value: fc.maxSafeNat() }
const legalRecord: fc.Arbitrary<ControlRecord> = fc.oneof(
  fc.record({ ...fields, type: fc.constantFrom<ControlType>(CONTROL.START_STREAM, CONTROL.CANCEL_STREAM, CONTROL.CREDIT) }),
  fc.record({ ...fields, type: fc.constant<ControlType>(CONTROL.CREDIT), flags: fc.constant(1) }),
  fc.constant<ControlRecord>({ type: CONTROL.SESSION_END, flags: 0, generation: 0, id: 0 as PhysicalStreamId, value: 0 }),
)

const READER_BREAKS: Readonly<Record<string, Partial<ControlRecord>>> = {
  'an unknown type': { type: 4 as ControlType },
  'the largest unknown type': { type: 255 as ControlType },
  'a flag on START_STREAM': { flags: 1 },
  'a flag on CANCEL_STREAM': { type: CONTROL.CANCEL_STREAM, flags: 1 },
  'a reserved flag on CREDIT': { type: CONTROL.CREDIT, flags: 2 },
  'the highest flag on CREDIT': { type: CONTROL.CREDIT, flags: 0x81 },
  'a value beyond what a number holds exactly': { value: 2 ** 53 },
  'a SESSION_END with an id': { type: CONTROL.SESSION_END, id: 1 as PhysicalStreamId, value: 0 },
  'a SESSION_END with a value': { type: CONTROL.SESSION_END, id: 0 as PhysicalStreamId, value: 1 },
  'a SESSION_END with a generation': { type: CONTROL.SESSION_END, id: 0 as PhysicalStreamId, value: 0, generation: 1 },
  'a SESSION_END with a flag': { type: CONTROL.SESSION_END, id: 0 as PhysicalStreamId, value: 0, flags: 1 },
}

/** What anything must hold that carries control records. `make` is asked for a fresh pair of 4 KiB. */
export function controlsContract(name: string, make: (capacityBytes: number) => ControlPair): void {
  const say = (sentence: string): string => `${name}: ${sentence}`

  test(say('every legal record comes out as it went in'), () => {
    fc.assert(
      fc.property(fc.array(legalRecord, { maxLength: 20 }), (records) => {
        const { outlet, inlet } = make(CAPACITY)
        for (const one of records) assert.equal(outlet.trySend(one), true)
        outlet.publish()
        for (const one of records) assert.deepEqual({ ...inlet.next() }, { ...one })
        assert.equal(inlet.next(), undefined)
      }),
    )
  })

  test(say('a record is a copy: what the sender does to its own afterwards is not seen'), () => {
    const { outlet, inlet } = make(CAPACITY)
    const one = record(1)
    outlet.trySend(one)
    one.value = 2
    outlet.publish()
    assert.equal(inlet.next()?.value, 1)
  })

  test(say('nothing is seen before it is published'), () => {
    const { outlet, inlet } = make(CAPACITY)
    assert.equal(outlet.publish(), false)
    outlet.trySend(record(1))
    assert.equal(inlet.hasMore(), false)
    assert.equal(inlet.next(), undefined)
    assert.equal(outlet.publish(), true)
    assert.equal(outlet.publish(), false)
    assert.equal(inlet.hasMore(), true)
    assert.equal(inlet.next()?.value, 1)
    assert.equal(inlet.hasMore(), false)
  })

  test(say('256 records fill 4 KiB, and room comes back with release alone'), () => {
    const { outlet, inlet } = make(CAPACITY)
    for (let value = 0; value < RECORDS_MAX; value++) assert.equal(outlet.trySend(record(value)), true)
    assert.equal(outlet.trySend(record(0)), false)
    outlet.publish()
    assert.equal(outlet.trySend(record(0)), false)
    assert.equal(inlet.next()?.value, 0)
    assert.equal(outlet.trySend(record(0)), false)
    assert.equal(outlet.wantRoom(), false)
    assert.equal(inlet.release(), true)
    assert.equal(inlet.release(), false)
    assert.equal(outlet.wantRoom(), true)
    assert.equal(outlet.trySend(record(RECORDS_MAX)), true)
    outlet.publish()
    for (let value = 1; value <= RECORDS_MAX; value++) assert.equal(inlet.next()?.value, value)
    assert.equal(inlet.next(), undefined)
  })

  test(say('nobody is woken for room that nobody wants'), () => {
    const { outlet, inlet } = make(CAPACITY)
    assert.equal(inlet.release(), false)
    outlet.trySend(record(1))
    outlet.publish()
    inlet.next()
    assert.equal(inlet.release(), false)
  })

  test(say('records go through for many times its capacity'), () => {
    const { outlet, inlet } = make(CAPACITY)
    let sent = 0
    for (let read = 0; read < 10_000; ) {
      while (sent < 10_000 && outlet.trySend(record(sent))) sent++
      outlet.publish()
      for (let one = inlet.next(); one !== undefined; one = inlet.next()) assert.equal(one.value, read++)
      inlet.release()
    }
  })

  for (const [what, broken] of Object.entries(READER_BREAKS)) {
    test(say(`${what} is a protocol error`), () => {
      const { outlet, inlet } = make(CAPACITY)
      outlet.trySend({ ...record(1), ...broken })
      outlet.publish()
      assert.throws(() => inlet.next(), { code: 'Protocol' })
    })
  }
}
