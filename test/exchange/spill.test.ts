import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import type { Row } from '../../src/columnar/schema.js'
import type { DiskCall } from '../support/fake-folder.js'
import { assertNothingOpen, disk, receive, type Sender, settled, startSender } from './support.js'

const text = (bytes: number): string => 'x'.repeat(bytes)

/** Rows for receiver 0 alone, until some are on disk. */
function fillDisk(sender: Sender, bytes = 200_000): Row[] {
  const rows: Row[] = []
  while (sender.output.spilledBytes < bytes) {
    rows.push({ to: 0, n: rows.length, text: text(100) })
    sender.output.push(rows[rows.length - 1])
  }
  return rows
}

test('above the budget a starving receiver opens the gate, and what the others cannot take goes to disk and comes in order', async () => {
  const d = disk()
  const sender = await startSender({ receivers: 2, budgetBytes: 100_000, spill: d.spill, ringBytes: 4096 })
  const rows = fillDisk(sender)
  assert.ok(sender.task.sinks[0].queuedBytes <= 100_000 + 0xc000 + 4096, `${sender.task.sinks[0].queuedBytes} bytes in memory`)
  assert.equal(sender.gate.isOpen(), true, 'receiver 1 waits')
  sender.output.push({ to: 1, n: -1 })
  sender.gate.isOpen()
  await sender.mesh.settle()
  assert.equal(sender.inputs[1].streams[0]?.take()?.row(0).n, -1, 'it gets its row')
  assert.equal(sender.gate.isOpen(), false, 'nobody waits, and something is on disk')
  const words = `${sender.output.spilledBytes} bytes wait on disk, until one starves`
  assert.deepEqual(sender.gate.closedBy, { for: 'disk', words })
  sender.finish()
  assert.deepEqual(await receive(sender, 0), rows)
  assert.deepEqual(await receive(sender, 1), [])
  await sender.mesh.end()
  assertNothingOpen(d)
})

test('a receiver that has all its rows reads its END while those of another are still on disk', async () => {
  const d = disk()
  const sender = await startSender({ receivers: 2, budgetBytes: 1000, spill: d.spill, ringBytes: 4096 })
  const rows = fillDisk(sender)
  sender.finish()
  await sender.mesh.settle()
  assert.deepEqual([sender.inputs[1].streams[0]?.take(), sender.inputs[1].streams[0]?.isDone], [undefined, true])
  assert.ok(sender.output.spilledBytes > 0)
  assert.deepEqual(await receive(sender, 0), rows)
  await sender.mesh.end()
  assertNothingOpen(d)
})

test('with rows on disk a receiver that is only hungry does not open the gate, however little is in memory', async () => {
  const d = disk()
  const sender = await startSender({ receivers: 2, budgetBytes: 100_000, spill: d.spill })
  fillDisk(sender, 3_000_000)
  sender.output.push({ to: 1, n: -1 })
  sender.gate.isOpen()
  await sender.mesh.settle()
  assert.equal(sender.task.sinks[1].isHungry && !sender.task.sinks[1].isStarving, true)
  const [stream] = sender.inputs[0].streams
  while (sender.task.sinks[0].queuedBytes > 0) {
    stream?.take()
    await sender.mesh.settle()
  }
  assert.equal(sender.gate.isOpen(), false)
  assert.ok(sender.output.queuedBytes < 100_000 && sender.output.spilledBytes > 0)
  assert.ok(d.folder.calls.read > 0, 'it was filled from disk')
  sender.inputs[0].close()
  sender.finish()
  await receive(sender, 1)
  await sender.mesh.end()
  assertNothingOpen(d)
})

test('rows on disk go before later rows, and END behind them all', async () => {
  const turn = fc.oneof(
    fc.record({ push: fc.integer({ min: 1, max: 400 }), to: fc.nat(2) }),
    fc.record({ receive: fc.nat(2) }),
    fc.constant('look' as const),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(turn, { maxLength: 40 }),
      fc.constantFrom(undefined, 4096),
      fc.nat(5000),
      async (turns, ringBytes, budgetBytes) => {
        const d = disk()
        const sender = await startSender({ receivers: 3, budgetBytes, spill: d.spill, ...(ringBytes && { ringBytes }) })
        const sent: Row[][] = [[], [], []]
        const got: Row[][] = [[], [], []]
        for (const each of turns) {
          if (each === 'look') sender.gate.isOpen()
          else if ('receive' in each) {
            sender.output.refill()
            got[each.receive].push(...(await receive(sender, each.receive)))
          } else {
            for (let n = 0; n < each.push; n++) {
              const row = { to: each.to, n: sent[each.to].length, text: text(n % 90) }
              sent[each.to].push(row)
              sender.output.push(row)
            }
          }
        }
        sender.finish()
        for (const receiver of [0, 1, 2]) got[receiver].push(...(await receive(sender, receiver)))
        assert.deepEqual(got, sent)
        await sender.mesh.end()
        assertNothingOpen(d)
      },
    ),
    { numRuns: 40 },
  )
})

test('without a disk the same is QueueBudget with stage, participant and bytes', async () => {
  const sender = await startSender({ receivers: 2, budgetBytes: 100_000 })
  while (sender.output.queuedBytes <= 100_000 || sender.task.sinks[0].isHungry) sender.output.push({ to: 0, text: text(1000) })
  assert.throws(() => sender.gate.isOpen(), {
    code: 'QueueBudget',
    message: /stage 7: \d+ bytes wait \(\d+ for participant 1\), more than the 100000 allowed, while participant 2 waits/,
  })
  sender.finish()
  for (const receiver of [0, 1]) await receive(sender, receiver)
  await sender.mesh.end()
})

test('a receiver that leaves, and one that dies, is forgotten on disk at once; the other goes on', async () => {
  for (const how of ['leaves', 'dies'] as const) {
    const d = disk()
    const sender = await startSender({ receivers: 2, budgetBytes: 1000, spill: d.spill })
    fillDisk(sender)
    sender.output.push({ to: 1, n: 1 })
    if (how === 'leaves') sender.inputs[0].close()
    else {
      sender.mesh.kill(1)
      sender.mesh.sessions[0].losePeer(sender.task.sinks[0].receiver, new Error('gone') as never)
    }
    await sender.mesh.settle()
    sender.gate.isOpen()
    assert.deepEqual([sender.output.spilledBytes, d.spill.heldBytes], [0, 0], how)
    sender.output.push({ to: 0, n: 2 })
    sender.finish()
    assert.deepEqual(
      (await receive(sender, 1)).map((row) => row.n),
      [1],
    )
    await sender.mesh.end()
    assertNothingOpen(d)
  }
})

test('the end of the mesh, and all receivers leaving, end a source that waits for its disk to be read', async () => {
  for (const how of ['ends', 'leave'] as const) {
    const d = disk()
    const sender = await startSender({ receivers: 2, budgetBytes: 1000, spill: d.spill, asking: [1] })
    fillDisk(sender)
    sender.finish()
    await sender.mesh.settle()
    assert.ok(d.spill.openFiles > 0)
    if (how === 'leave') for (const input of sender.inputs) input.close()
    await sender.mesh.end()
    await settled(Promise.resolve())
    assertNothingOpen(d)
  }
})

for (const [call, code] of [
  ['open', 'EACCES'],
  ['write', 'ENOSPC'],
  ['read', 'EIO'],
] as [DiskCall, string][]) {
  for (const after of call === 'open' ? [0] : [0, 3]) {
    test(`${code} at ${call} number ${after} fails the stream with SpillFailed, which says where, and leaves nothing`, async () => {
      const d = disk()
      const sender = await startSender({ receivers: 2, budgetBytes: 1000, spill: d.spill, ringBytes: 4096 })
      d.folder.failOn(call, code, after)
      let thrown: unknown
      try {
        fillDisk(sender, 400_000)
      } catch (error) {
        thrown = error
      }
      if (call === 'read') assert.equal(thrown, undefined)
      else assert.match(String(thrown), /^SpillFailedError: stage 7, rows for participant 1: could not .* at \/fake/)
      sender.finish()
      if (call === 'read') {
        await assert.rejects(receive(sender, 0), { code: 'SpillFailed', message: /stage 7, rows for participant 1: could not read/ })
        assert.deepEqual(await receive(sender, 1), [], 'it has had all its rows')
      } else for (const receiver of [0, 1]) await receive(sender, receiver)
      await sender.mesh.end()
      assertNothingOpen(d)
    })
  }
}

test('beyond spillBytes the source gets SpillBudget with stage and participant', async () => {
  const d = disk(100_000)
  const sender = await startSender({ receivers: 2, budgetBytes: 1000, spill: d.spill })
  assert.throws(() => fillDisk(sender), { code: 'SpillBudget', message: /^stage 7, rows for participant 1: \d+ more bytes/ })
  sender.finish()
  for (const receiver of [0, 1]) await receive(sender, receiver)
  await sender.mesh.end()
  assertNothingOpen(d)
})
