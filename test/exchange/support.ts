import assert from 'node:assert/strict'
import type { Row } from '../../src/columnar/schema.js'
import { ExchangeInput } from '../../src/exchange/exchange-input.js'
import { ExchangeOutput } from '../../src/exchange/exchange-output.js'
import { Gate } from '../../src/exchange/gate.js'
import type { Route } from '../../src/exchange/router.js'
import { Spill } from '../../src/exchange/spill.js'
import type { SourceTask } from '../../src/stream/source-task.js'
import { FakeFolder } from '../support/fake-folder.js'
import { TestMesh } from '../support/test-mesh.js'
import { streamId, TestSource } from '../support/test-source.js'

/** A sender's side of an exchange, driven by the test: participant 0 sends, the others receive. */
export interface Sender {
  readonly mesh: TestMesh
  readonly output: ExchangeOutput
  readonly gate: Gate
  readonly task: SourceTask
  readonly inputs: ExchangeInput[]
  /** The source returns: END to all. */
  finish(): void
}

export interface SenderOptions {
  readonly receivers: number
  readonly budgetBytes?: number
  /** Where what exceeds that goes; nowhere by default. */
  readonly spill?: Spill
  readonly route?: Route
  /** Receivers that ask for rows at once; all by default. */
  readonly asking?: readonly number[]
  readonly ringBytes?: number
  /** Of the gate; by default so much later each time that a half-built batch never lingers. */
  readonly nowMs?: () => number
}

/** Starts it: the receivers in `asking` wait for their first row. */
export async function startSender(options: SenderOptions): Promise<Sender> {
  const { receivers, budgetBytes = 1e6, spill, route = (row) => row.to as number } = options
  const mesh = new TestMesh({ participants: receivers + 1, ringBytes: options.ringBytes })
  const at = Array.from({ length: receivers }, (_none, index) => index + 1)
  let finish = (): void => {}
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  let laterMs = 0
  const now = options.nowMs ?? (() => (laterMs += 1000))
  let made: Pick<Sender, 'output' | 'gate' | 'task'> | undefined
  const source = new TestSource(
    streamId(1, 0),
    async (task) => {
      const output = new ExchangeOutput('stage 7', task, route, () => task.flush(), spill && { spill, queueBytes: budgetBytes })
      const gate = new Gate(task, output, budgetBytes, { now })
      made = { output, task, gate }
      try {
        await finished
        output.flushAll()
        await gate.drained()
      } finally {
        output.close()
      }
    },
    { receivers: at, delivery: 'flows' },
  )
  mesh.sessions[0].register(source)
  mesh.sessions[0].seal()
  const inputs = at.map((receiver) => new ExchangeInput(`input of ${receiver}`, [mesh.request(receiver, streamId(1, 0), 'flows')]))
  for (const receiver of options.asking ?? at.map((_at, index) => index)) void inputs[receiver].ready(inputs[receiver].streams)
  await mesh.settle()
  return { mesh, inputs, finish, ...(made as unknown as Pick<Sender, 'output' | 'gate' | 'task'>) }
}

/** All rows that are there for a receiver, as far as its credit goes. */
export async function receive({ mesh, inputs }: Pick<Sender, 'mesh' | 'inputs'>, receiver: number): Promise<Row[]> {
  const rows: Row[] = []
  const [stream] = inputs[receiver].streams
  for (;;) {
    const batch = stream?.take()
    if (batch !== undefined) rows.push(...inputs[receiver].check(batch).rows())
    else if (stream === undefined || stream.isDone) return rows
    else {
      let woken = false
      void inputs[receiver].ready([stream]).then(() => {
        woken = true
      })
      await mesh.settle()
      if (!woken) return rows
    }
  }
}

export async function settled(promise: Promise<unknown>): Promise<boolean> {
  let done = false
  void promise.then(
    () => {
      done = true
    },
    () => {
      done = true
    },
  )
  await new Promise((resolve) => setImmediate(resolve))
  return done
}

/** Of one worker, in memory. */
export interface Disk {
  readonly folder: FakeFolder
  readonly spill: Spill
}

export function disk(limitBytes = Number.MAX_SAFE_INTEGER): Disk {
  const folder = new FakeFolder()
  return { folder, spill: new Spill(folder, limitBytes) }
}

export function assertNothingOpen({ folder, spill }: Disk): void {
  assert.deepEqual([folder.openFiles, spill.openFiles, spill.heldBytes], [0, 0, 0])
}
