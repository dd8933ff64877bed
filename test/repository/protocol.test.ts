import assert from 'node:assert/strict'
import test from 'node:test'
import { participantId } from '../../src/base/ids.js'
import { LIMITS } from '../../src/base/limits.js'
import { ENTRY } from '../../src/call/value-writer.js'
import { CONTROL, CONTROL_FLAG, END_PAYLOAD_BYTES, FRAME } from '../../src/frame/kinds.js'
import { SLEEP } from '../../src/memory/sleep-word.js'
import { encodeHandshake, TOKEN_BYTES } from '../../src/mesh/handshake.js'
import { SEGMENT_WORD } from '../../src/mesh/mapped-link.js'
import { PARCEL } from '../../src/mesh/parcel-header.js'
import { RING } from '../../src/ring/layout.js'
import { RANK } from '../../src/stream/error-payload.js'
import { INBOUND_TABLE } from '../../src/stream/inbound-state.js'
import { SINK_TABLE } from '../../src/stream/sink-state.js'
import { readProjectFile } from '../support/root.js'
import { parseTable, type TableRow } from '../support/tables.js'
import { missingTests, testsNamedIn } from '../support/test-names.js'

const PROTOCOL = readProjectFile('docs/PROTOCOL.md')

/** The table below a heading; the second with `index` 1, and so on. */
function table(heading: string, index = 0): TableRow[] {
  const section = PROTOCOL.split(/^## /m).find((each) => each.startsWith(`${heading}\n`))
  assert.ok(section !== undefined, `no heading "${heading}"`)
  const tables = section.split(/\n(?!\|)/).filter((block) => block.includes('\n|---'))
  return parseTable(`## ${heading}\n${tables[index]}`, heading)
}

/** The rows as an object from the text of one column to the number of another. */
function numbers(rows: readonly TableRow[], key: string, value: string): Record<string, number> {
  return Object.fromEntries(rows.map((row) => [row[key], Number(row[value])]))
}

function bytes(text: string): number {
  const [amount, unit = ''] = text.split(' ')
  return Number(amount) * ({ KiB: 2 ** 10, MiB: 2 ** 20 }[unit] ?? 1)
}

test('PROTOCOL.md draws the ring as it lies in memory', () => {
  const { headerBytes, ...words } = RING
  const offsets = Object.fromEntries(Object.entries(words).map(([name, index]) => [name, 4 * index]))
  assert.deepEqual(numbers(table('Ring'), 'Word', 'Offset'), { ...offsets, data: headerBytes })
})

test('PROTOCOL.md lists the kinds of frames', () => {
  const rows = table('Frames')
  assert.deepEqual(numbers(rows, 'Name', 'Kind'), FRAME)
  assert.equal(Number(rows[FRAME.END]['Payload in bytes']), END_PAYLOAD_BYTES)
})

test('PROTOCOL.md draws the handshake and lists the parcels of sockets', () => {
  const [magic, version, member, nothing, token] = table('Sockets').map((row) => Number(row.Bytes))
  const shown = Buffer.from(encodeHandshake({ member: participantId(0x1234), token: Buffer.alloc(TOKEN_BYTES, 7) }))
  assert.equal(shown.toString('latin1', magic, magic + 4), 'MLRC')
  assert.deepEqual(
    [version, member, nothing].map((at) => shown.readUint32LE(at)),
    [1, 0x1234, 0],
  )
  assert.deepEqual([...shown.subarray(token)], Array(16).fill(7))
  assert.deepEqual(numbers(table('Sockets', 1), 'Name', 'Kind'), PARCEL)
})

test('PROTOCOL.md draws what a segment of processes says of itself', () => {
  const offsets = Object.fromEntries(Object.entries(SEGMENT_WORD).map(([name, index]) => [name, 4 * index]))
  assert.deepEqual(numbers(table('Shared memory of processes'), 'Word', 'Offset'), offsets)
})

test('PROTOCOL.md lists the ranks of errors', () => {
  assert.deepEqual(numbers(table('Frames', 1), 'Name', 'Rank'), RANK)
})

test('PROTOCOL.md lists the types and flags of control records', () => {
  assert.deepEqual(numbers(table('Control records'), 'Name', 'Type'), CONTROL)
  assert.deepEqual(numbers(table('Control records', 1), 'Name', 'Flag'), CONTROL_FLAG)
})

for (const [heading, expected] of [
  ['Sink', SINK_TABLE],
  ['Stream', INBOUND_TABLE],
] as const) {
  test(`PROTOCOL.md has the states of ${heading} as the code has`, () => {
    const rows = table(heading).map(({ State, ...row }) => [State, row])
    assert.deepEqual(Object.fromEntries(rows), expected)
  })
}

test('PROTOCOL.md lists every limit with its value and a reason', () => {
  const rows = table('Limits')
  assert.deepEqual(Object.fromEntries(rows.map((row) => [row.Name, bytes(row.Value)])), LIMITS)
  for (const row of rows) assert.ok(row.Reason.length > 10, row.Name)
})

test('PROTOCOL.md lists what a sleep word says', () => {
  assert.deepEqual(numbers(table('Waiting'), 'Name', 'Value'), SLEEP)
})

test('PROTOCOL.md lists the entries of values with their kinds', () => {
  assert.deepEqual(numbers(table('Values'), 'Entry', 'Kind'), { ...ENTRY })
})

test('every property of PROTOCOL.md is attacked by tests that exist', () => {
  const rows = parseTable(PROTOCOL, 'Properties')
  assert.ok(rows.length >= 12)
  for (const row of rows) {
    assert.ok(testsNamedIn(row['Attacked by']).length > 0, row.Property)
    assert.deepEqual(missingTests(row['Attacked by']), [], row.Property)
  }
})
