import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import type { Row } from '../../src/columnar/schema.js'
import { assertNothingOpen, disk, receive, type Sender, startSender } from './support.js'

const text = (bytes: number): string => 'x'.repeat(bytes)
const ALL = [0, 1, 2] as const

/** Rows until so many bytes are on disk; receiver 2 reads on meanwhile. */
async function fillDisk(sender: Sender, bytes = 200_000): Promise<{ rows: Row[]; read: Row[] }> {
  const rows: Row[] = []
  const read: Row[] = []
  while (sender.output.spilledBytes < bytes) {
    rows.push({ n: rows.length, text: text(100) })
    if (sender.output.push(rows[rows.length - 1])) read.push(...(await receive(sender, 2)))
  }
  return { rows, read }
}

test('every receiver gets every row once and in order, however they read, leave and overflow', async () => {
  const turn = fc.oneof(
    { weight: 3, arbitrary: fc.record({ push: fc.integer({ min: 1, max: 400 }) }) },
    { weight: 3, arbitrary: fc.record({ receive: fc.nat(2) }) },
    { weight: 1, arbitrary: fc.record({ leave: fc.nat(2) }) },
    { weight: 2, arbitrary: fc.constant('look' as const) },
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(turn, { maxLength: 40 }),
      fc.constantFrom(undefined, 4096),
      fc.nat(5000),
      async (turns, ringBytes, budgetBytes) => {
        const d = disk()
        const sender = await startSender({ receivers: 3, budgetBytes, spill: d.spill, route: 'broadcast', ...(ringBytes && { ringBytes }) })
        const sent: Row[] = []
        const got: Row[][] = [[], [], []]
        const left = new Set<number>()
        for (const each of turns) {
          if (each === 'look') sender.gate.isOpen()
          else if ('receive' in each) {
            sender.output.refill()
            got[each.receive].push(...(await receive(sender, each.receive)))
          } else if ('leave' in each) {
            left.add(each.leave)
            sender.inputs[each.leave].close()
            await sender.mesh.settle()
          } else {
            for (let n = 0; n < each.push; n++) {
              sent.push({ n: sent.length, text: text(n % 90) })
              sender.output.push(sent[sent.length - 1])
            }
          }
        }
        sender.finish()
        for (const receiver of ALL) {
          if (!left.has(receiver)) got[receiver].push(...(await receive(sender, receiver)))
          assert.deepEqual(got[receiver], left.has(receiver) ? sent.slice(0, got[receiver].length) : sent)
        }
        await sender.mesh.end()
        assertNothingOpen(d)
      },
    ),
    { numRuns: 60 },
  )
})

test('what two stalled receivers wait for is on disk once, and in memory once, while a third has it all', async () => {
  const d = disk()
  const sender = await startSender({ receivers: 3, budgetBytes: 100_000, spill: d.spill, route: 'broadcast', ringBytes: 4096 })
  const { rows, read } = await fillDisk(sender)
  assert.ok(sender.output.queuedBytes <= 100_000 + 2 * 0xc000, `${sender.output.queuedBytes} bytes in memory`)
  assert.ok(sender.task.sinks[0].queuedBytes > 50_000 && sender.task.sinks[1].queuedBytes > 50_000)
  assert.equal(d.spill.writtenBytes, sender.output.spilledBytes)
  assert.equal(sender.gate.isOpen(), true, 'receiver 2 waits')
  sender.finish()
  read.push(...(await receive(sender, 2)))
  assert.deepEqual(read, rows)
  assert.ok(sender.output.spilledBytes > 0)
  assert.equal(sender.inputs[2].streams[0]?.isDone ?? true, true, 'it has its END')
  for (const receiver of [0, 1]) assert.deepEqual(await receive(sender, receiver), rows)
  assert.equal(d.folder.calls.open, 1)
  await sender.mesh.end()
  assertNothingOpen(d)
})

test('a stalled receiver that leaves gives its place on disk up; the file goes with the last one', async () => {
  const d = disk()
  const sender = await startSender({ receivers: 3, budgetBytes: 1000, spill: d.spill, route: 'broadcast', ringBytes: 4096 })
  await fillDisk(sender)
  for (const [receiver, files] of [
    [0, 1],
    [1, 0],
  ] as const) {
    sender.inputs[receiver].close()
    await sender.mesh.settle()
    sender.gate.isOpen()
    assert.equal(sender.output.spilledBytes > 0, files > 0)
    sender.output.refill()
  }
  sender.output.push({ n: -1 })
  sender.finish()
  const rest = await receive(sender, 2)
  assert.equal(rest[rest.length - 1].n, -1)
  await sender.mesh.end()
  assertNothingOpen(d)
})

test('a full disk fails it with SpillFailed, which says for whom; without a disk it is QueueBudget', async () => {
  const d = disk()
  const sender = await startSender({ receivers: 3, budgetBytes: 1000, spill: d.spill, route: 'broadcast', ringBytes: 4096 })
  d.folder.failOn('write', 'ENOSPC')
  await assert.rejects(fillDisk(sender), { code: 'SpillFailed', message: /^stage 7, rows for participants 1, 2(, 3)?: could not write/ })
  sender.finish()
  await sender.mesh.end()
  assertNothingOpen(d)

  const none = await startSender({ receivers: 3, budgetBytes: 100_000, route: 'broadcast', ringBytes: 4096 })
  while (none.output.queuedBytes <= 100_000) {
    none.output.push({ text: text(100) })
    await receive(none, 2)
  }
  none.output.flushAll()
  await receive(none, 2)
  assert.throws(() => none.gate.isOpen(), { code: 'QueueBudget', message: /while participant 3 waits for rows of its own/ })
  none.finish()
  for (const receiver of ALL) await receive(none, receiver)
  await none.mesh.end()
})
