import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { Block } from '../../src/columnar/block.js'
import { hashRow } from '../../src/columnar/hash.js'
import { gatherRouter, hashRouter, type Route, roundRobinRouter } from '../../src/exchange/router.js'
import { disk, receive, settled, startSender } from './support.js'

const text = (bytes: number): string => 'x'.repeat(bytes)

test('rows of equal keys go to one receiver, the same on every worker; one receiver gets all', () => {
  const route = hashRouter(['a', 'b'], 3)
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.integer(), fc.constant(null)), fc.boolean(), (a, b) => {
      const receiver = route({ a, b, other: 1 })
      assert.equal(receiver, route({ b, more: 'x', a }))
      assert.equal(receiver, hashRow({ a, b }, ['a', 'b']) % 3)
      assert.equal(hashRouter(['a'], 1)({ a }), 0)
      assert.equal(gatherRouter({ a }), 0)
    }),
  )
  assert.equal(route({ a: null, b: 1 }), route({ b: 1 }), 'a missing key is null')
})

test('every row reaches the receiver it was routed to, once and in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(2), { maxLength: 300 }), fc.constantFrom(undefined, 4096), async (targets, ringBytes) => {
      const sender = await startSender({ receivers: 3, ...(ringBytes && { ringBytes }) })
      const rows = targets.map((to, n) => ({ to, n, text: text(n % 50) }))
      for (const row of rows) sender.output.push(row)
      assert.equal(sender.output.rows, rows.length)
      sender.finish()
      for (const receiver of [0, 1, 2]) {
        assert.deepEqual(
          await receive(sender, receiver),
          rows.filter(({ to }) => to === receiver),
        )
      }
      await sender.mesh.end()
    }),
    { numRuns: 20 },
  )
})

test('rows of a block go where they go one by one, some in turn where they are dealt out', async () => {
  const record = fc.record({ k: fc.option(fc.constantFrom('a', 'b', 'c', 'd')), n: fc.nat(9) })
  const routes = fc.constantFrom<() => Route>(
    () => hashRouter(['k'], 3),
    () => hashRouter(['k', 'n'], 3),
    () => hashRouter([], 3),
    () =>
      ({ n }) =>
        (n as number) % 3,
    () => 'broadcast',
  )
  await fc.assert(
    fc.asyncProperty(fc.array(record, { maxLength: 60 }), routes, async (rows, route) => {
      const received: unknown[] = []
      for (const byBlocks of [false, true]) {
        const sender = await startSender({ receivers: 3, route: route() })
        const block = Block.ofRows(rows)
        if (byBlocks)
          for (let from = 0; from < rows.length; from += 7) sender.output.pushBlock(block, from, Math.min(from + 7, rows.length))
        else for (const row of rows) sender.output.push(row)
        assert.equal(sender.output.rows, rows.length)
        sender.finish()
        received.push([await receive(sender, 0), await receive(sender, 1), await receive(sender, 2)])
        await sender.mesh.end()
      }
      assert.deepEqual(received[1], received[0])
    }),
    { numRuns: 30 },
  )
  const inTurn = roundRobinRouter(2, 1)
  const block = Block.ofRows([{ n: 1 }, { n: 2 }])
  const found = new Uint32Array(4)
  inTurn.ofBlock?.(block, 0, 2, found)
  inTurn.ofBlock?.(block, 0, 1, found.subarray(2))
  assert.deepEqual([...found, inTurn({})], [1, 0, 1, 0, 0])
  const backlogs = [0, 0, 0]
  const dealt = roundRobinRouter(3, 0)
  dealt.watch?.((receiver) => backlogs[receiver])
  const turns = (): string => {
    const rows = new Uint32Array(6)
    dealt.ofBlock?.(block, 0, 6, rows)
    return rows.join('')
  }
  assert.equal(turns(), '001122')
  backlogs[1] = 100_000
  assert.equal(turns(), '000222', 'who has fallen behind gets no more')
  backlogs[0] = Number.POSITIVE_INFINITY
  assert.deepEqual([turns(), Array.from({ length: 3 }, () => dealt({})).join('')], ['222222', '222'], 'nor who wants none')
  backlogs.fill(Number.POSITIVE_INFINITY)
  assert.equal(new Set(turns()).size, 3)
  for (const receivers of [1, 2]) {
    const sender = await startSender({ receivers, route: hashRouter(['k'], receivers) })
    const bad = Block.ofRows([{ k: 'a' }, { k: [1] }])
    assert.throws(() => sender.output.pushBlock(bad, 0, 2), { code: 'ColumnType', message: /stage 7.*"k"/ })
    sender.finish()
    await sender.mesh.end()
  }
})

test('the first batch of a receiver is small and the next ones grow', async () => {
  const sender = await startSender({ receivers: 1 })
  const batches: number[] = []
  let rows = 0
  for (let n = 0; n < 3000; n++) {
    rows++
    if (!sender.output.push({ to: 0, text: text(40) })) continue
    batches.push(rows)
    rows = 0
  }
  assert.ok(batches[0] < 30 && batches[1] > 1.5 * batches[0] && batches[2] > 1.5 * batches[1], `${batches}`)
  sender.finish()
  assert.equal((await receive(sender, 0)).length, 3000)
  await sender.mesh.end()
})

test('what is pushed for a closed sink is dropped, and nothing is kept of it', async () => {
  const sender = await startSender({ receivers: 2 })
  sender.inputs[0].close()
  await sender.mesh.settle()
  for (let n = 0; n < 100; n++) sender.output.push({ to: n % 2, n })
  sender.output.flushAll()
  assert.equal(sender.task.sinks[0].queuedBytes, 0)
  assert.equal(sender.output.rows, 100)
  sender.finish()
  assert.equal((await receive(sender, 1)).length, 50)
  await sender.mesh.end()
})

test('the gate is open while any receiver is hungry, and shut while none is', async () => {
  const sender = await startSender({ receivers: 2 })
  assert.equal(sender.gate.isOpen(), true)
  assert.equal(await sender.gate.opened(), true)
  for (let n = 0; sender.task.sinks.some((sink) => sink.isHungry); n++) sender.output.push({ to: n % 2, text: text(1000) })
  assert.equal(sender.gate.isOpen(), false)
  const opened = sender.gate.opened()
  assert.equal(await settled(opened), false)
  await receive(sender, 1)
  await sender.mesh.settle()
  assert.equal(await opened, true)
  sender.finish()
  for (const receiver of [0, 1]) await receive(sender, receiver)
  await sender.mesh.end()
})

test('a receiver that never asked is not hungry, and does not keep the gate shut for the others', async () => {
  const sender = await startSender({ receivers: 2, asking: [1] })
  assert.deepEqual(
    sender.task.sinks.map((sink) => sink.isHungry),
    [false, true],
  )
  assert.equal(sender.gate.isOpen(), true)
  sender.output.push({ to: 0, n: 1 })
  sender.finish()
  assert.deepEqual(await receive(sender, 0), [{ to: 0, n: 1 }])
  assert.deepEqual(await receive(sender, 1), [])
  await sender.mesh.end()
})

test('a starving receiver gets its half-built batch before the gate opens', async () => {
  const sender = await startSender({ receivers: 2 })
  assert.equal(sender.output.push({ to: 0, n: 1 }), false)
  assert.equal(sender.task.sinks[0].isStarving, true)
  sender.gate.isOpen()
  await sender.mesh.settle()
  assert.deepEqual(
    sender.inputs[0].streams[0]
      ?.take()
      ?.rows()
      .map((row) => row.n),
    [1],
  )
  sender.finish()
  for (const receiver of [0, 1]) await receive(sender, receiver)
  await sender.mesh.end()
})

test('a receiver that waits again within a millisecond gets its half-built batch when that is over', async () => {
  let ms = 5
  const sender = await startSender({ receivers: 2, nowMs: () => ms })
  const receivedAt = async (at: number): Promise<unknown[]> => {
    ms = at
    assert.equal(sender.gate.isOpen(), true)
    await sender.mesh.settle()
    return (await receive(sender, 0)).map(({ n }) => n)
  }
  assert.deepEqual(sender.gate.awaited(), {})
  sender.output.push({ to: 0, n: 1 })
  assert.deepEqual(await receivedAt(5), [1], 'the first at once')
  assert.deepEqual(await receivedAt(5.5), [])
  assert.deepEqual(Object.keys(sender.gate.awaited()), [], 'there is nothing to linger')
  for (const n of [2, 3]) sender.output.push({ to: 0, n })
  assert.deepEqual(await receivedAt(5.9), [])
  assert.deepEqual(Object.keys(sender.gate.awaited()), ['gate'])
  await sender.gate.awaited().gate?.()
  assert.deepEqual(await receivedAt(6), [2, 3])
  assert.deepEqual(sender.gate.awaited(), {})
  for (const n of [4, 5]) sender.output.push({ to: 0, n })
  assert.deepEqual(await receivedAt(6.1), [])
  sender.finish()
  assert.deepEqual(
    await receive(sender, 0),
    [
      { to: 0, n: 4 },
      { to: 0, n: 5 },
    ],
    'at the end at once',
  )
  await receive(sender, 1)
  await sender.mesh.end()
})

test('above the budget a half-built batch does not linger', async () => {
  const { spill } = disk()
  const sender = await startSender({ receivers: 2, nowMs: () => 5, budgetBytes: 10_000, spill })
  const [, waiting] = sender.task.sinks
  sender.output.push({ to: 1, n: 1 })
  assert.equal(sender.gate.isOpen(), true)
  assert.equal((await receive(sender, 1)).length, 1)
  sender.output.push({ to: 1, n: 2 })
  assert.deepEqual([sender.gate.isOpen(), waiting.isStarving], [true, true])
  assert.deepEqual(Object.keys(sender.gate.awaited()), ['gate'])
  for (let n = 0; n < 3000; n++) sender.output.push({ to: 0, text: text(1000) })
  assert.equal(sender.gate.isOpen(), false, 'nobody waits any more')
  assert.deepEqual([sender.gate.awaited(), waiting.isStarving], [{}, false])
  assert.equal((await receive(sender, 1)).length, 1)
  sender.finish()
  for (const receiver of [0, 1]) await receive(sender, receiver)
  await sender.mesh.end()
})

test('above the budget the gate is shut where nobody starves, and a starving receiver is the error QueueBudget', async () => {
  const sender = await startSender({ receivers: 2, budgetBytes: 3_000_000 })
  while (sender.output.queuedBytes <= 3_000_000) sender.output.push({ to: 0, text: text(1000) })
  // Receiver 1 waits for a row of its own, which the source could only find by making more for receiver 0.
  assert.throws(() => sender.gate.isOpen(), {
    code: 'QueueBudget',
    message: /stage 7: \d+ bytes wait \(\d+ for participant 1\), more than the 3000000 allowed, while participant 2 waits/,
  })
  await assert.rejects(sender.gate.opened(), { code: 'QueueBudget' })
  sender.inputs[1].close()
  await sender.mesh.settle()
  assert.equal(sender.gate.isOpen(), false)
  await receive(sender, 0)
  assert.equal(sender.gate.isOpen(), true)
  sender.finish()
  await receive(sender, 0)
  await sender.mesh.end()
})

test('the gate says that nobody wants more when all receivers have left, at once or while it waits', async () => {
  const sender = await startSender({ receivers: 2 })
  for (let n = 0; sender.task.sinks.some((sink) => sink.isHungry); n++) sender.output.push({ to: n % 2, text: text(1000) })
  const opened = sender.gate.opened()
  for (const input of sender.inputs) input.close()
  await sender.mesh.settle()
  assert.equal(await opened, false)
  assert.equal(await sender.gate.opened(), false)
  assert.equal(sender.task.isCancelled, true)
  sender.finish()
  await sender.mesh.end()
})
