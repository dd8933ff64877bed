import assert from 'node:assert/strict'
import test from 'node:test'
import { macrotask } from '../../src/base/macrotask.js'
import { comparator } from '../../src/columnar/order.js'
import type { Row } from '../../src/columnar/schema.js'
import { ExchangeInput } from '../../src/exchange/exchange-input.js'
import { ExchangeOutput } from '../../src/exchange/exchange-output.js'
import { Gate } from '../../src/exchange/gate.js'
import { Gather } from '../../src/exchange/gather.js'
import { OrderedMerge } from '../../src/exchange/ordered-merge.js'
import { gatherRouter } from '../../src/exchange/router.js'
import { Spill } from '../../src/exchange/spill.js'
import type { SourceTask } from '../../src/stream/source-task.js'
import { FakeFolder } from '../support/fake-folder.js'
import { TestMesh } from '../support/test-mesh.js'
import { streamId, TestSource } from '../support/test-source.js'

const BUDGET_BYTES = 1000
const compare = comparator([{ column: 'key', descending: false }])

interface Case {
  readonly receivers: number
  readonly rows: number
  readonly spill: Spill | undefined
  readonly seed: number
}

/** What a stage does with its output, as far as it matters here. */
async function feed(
  task: SourceTask,
  output: ExchangeOutput,
  next: () => Row[] | 'wait' | 'end',
  ready: () => Promise<void>,
): Promise<void> {
  const gate = new Gate(task, output, BUDGET_BYTES)
  try {
    while (await gate.opened()) {
      const rows = next()
      if (rows === 'end') {
        output.flushAll()
        await gate.drained()
        return
      }
      if (rows === 'wait') await Promise.race([ready(), task.changed()])
      else for (const row of rows) output.push(row)
      task.flush()
      await macrotask()
    }
  } finally {
    output.close()
  }
}

/**
 * Participant 1 sends ordered rows by hash to 2, 3, ..., which pass them on to an ordered merge at 0. All rows but the last few go to
 * participant 2, and the merge takes none of them before it has one of each.
 */
function skewedMerge({ receivers, rows, spill, seed }: Case): { mesh: TestMesh; merge: OrderedMerge } {
  const mesh = new TestMesh({ participants: receivers + 2, ringBytes: 4096, seed })
  const passers = Array.from({ length: receivers }, (_none, index) => index + 2)
  const options = spill && { spill, queueBytes: BUDGET_BYTES }
  let key = 0
  const rowOf = (): Row => {
    const to = Math.max(0, key - rows + receivers)
    return { key: key++, to, text: 'x'.repeat(key % 100) }
  }
  const first = (task: SourceTask): Promise<void> => {
    const output = new ExchangeOutput(
      'stage 0',
      task,
      (row) => row.to as number,
      () => task.flush(),
      options,
    )
    return feed(
      task,
      output,
      () => (key < rows ? Array.from({ length: Math.min(50, rows - key) }, rowOf) : 'end'),
      () => Promise.resolve(),
    )
  }
  mesh.sessions[1].register(new TestSource(streamId(1, 1), first, { receivers: passers, delivery: 'flows' }))
  for (const self of passers) {
    const gather = new Gather(new ExchangeInput('stage 0', [mesh.request(self, streamId(1, 1), 'flows')]))
    const pass = (task: SourceTask): Promise<void> => {
      const output = new ExchangeOutput('stage 1', task, gatherRouter, () => task.flush(), options)
      const next = (): Row[] | 'wait' | 'end' => gather.take()?.rows() ?? (gather.isDone ? 'end' : 'wait')
      return feed(task, output, next, () => gather.ready())
    }
    mesh.sessions[self].register(new TestSource(streamId(2, self), pass, { receivers: [0], delivery: 'flows' }))
  }
  for (const session of mesh.sessions) session.seal()
  const inbounds = passers.map((sender) => mesh.request(0, streamId(2, sender), 'flows'))
  return { mesh, merge: new OrderedMerge(new ExchangeInput('stage 1', inbounds), compare) }
}

/** Reads to the end; that nothing moves any more before it is a failure. */
async function read({ mesh, merge }: { mesh: TestMesh; merge: OrderedMerge }): Promise<unknown[]> {
  const keys: unknown[] = []
  let end: { error?: unknown } | undefined
  const consume = async (): Promise<void> => {
    for (;;) {
      const row = merge.take()
      if (row !== undefined) keys.push(row.key)
      else if (merge.isDone) return
      else await merge.ready()
    }
  }
  consume().then(
    () => {
      end = {}
    },
    (error: unknown) => {
      end = { error }
    },
  )
  for (let turns = 0; end === undefined; turns++) {
    assert.ok(turns < 20_000, 'nothing moves')
    await mesh.settle()
    await macrotask()
  }
  if ('error' in end) throw end.error
  return keys
}

for (const receivers of [2, 3, 7]) {
  test(`an ordered merge over a hash exchange to ${receivers}, all to one side, completes with spill on the smallest rings`, async () => {
    for (const seed of [1, 2, 3]) {
      const folder = new FakeFolder()
      const spill = new Spill(folder, Number.MAX_SAFE_INTEGER)
      const rows = 4000
      const run = skewedMerge({ receivers, rows, spill, seed })
      assert.deepEqual(
        await read(run),
        Array.from({ length: rows }, (_none, key) => key),
      )
      await run.mesh.end()
      assert.ok(spill.writtenBytes > 100_000, `${spill.writtenBytes} bytes on disk`)
      assert.deepEqual([folder.openFiles, spill.openFiles, spill.heldBytes], [0, 0, 0])
    }
  })
}

test('the same without spill fails by name: with stage, participant and bytes', async () => {
  const run = skewedMerge({ receivers: 2, rows: 4000, spill: undefined, seed: 1 })
  await assert.rejects(read(run), {
    code: 'QueueBudget',
    message: /^stage 0: \d+ bytes wait \(\d+ for participant 2\), more than the 1000 allowed, while participant 3 waits/,
  })
  run.merge.close()
  await run.mesh.end()
})

test('a disk that is full in the midst of it is SpillFailed at the end of the chain, and leaves nothing', async () => {
  const folder = new FakeFolder()
  const spill = new Spill(folder, Number.MAX_SAFE_INTEGER)
  folder.failOn('write', 'ENOSPC', 5)
  const run = skewedMerge({ receivers: 3, rows: 4000, spill, seed: 1 })
  await assert.rejects(read(run), { code: 'SpillFailed', message: /^stage 0, rows for participant 2: could not write/ })
  run.merge.close()
  await run.mesh.end()
  assert.deepEqual([folder.openFiles, spill.openFiles], [0, 0])
})
