import assert from 'node:assert/strict'
import test from 'node:test'
import { LIMITS } from '../../src/base/limits.js'
import { Budget, frameCost, ReceiveCredit, SendCredit } from '../../src/stream/credit.js'
import { ringLink } from '../support/links.js'
import { TestMesh } from '../support/test-mesh.js'
import { hungry, streamId, TestSource } from '../support/test-source.js'

const F = LIMITS.framePayloadBytesMax
const TWO_FRAMES = 2 * frameCost(F)
const SIZES = [1, 1000, 1024, 32_768, F - 8, F]
const ROUNDS = 200
const RING = 0x1_0000

/** A sender that always has something to send, and the credit between it and its receiver. */
class Flow {
  readonly send = new SendCredit()
  readonly receive: ReceiveCredit
  private readonly arrived: number[] = []
  /** The most that the sender was allowed to have outstanding. */
  windowBytes = 0
  private outstanding = 0

  constructor(
    private readonly messageBytes: number,
    budget = new Budget(),
    windowBytesMax?: number,
  ) {
    this.receive = new ReceiveCredit(F, budget, windowBytesMax)
    this.grant()
  }

  /** The sender sends as much as it may, up to `countMax` messages. */
  fill(countMax = Number.POSITIVE_INFINITY): void {
    const cost = frameCost(this.messageBytes)
    for (let count = 0; count < countMax && this.send.left >= cost; count++) {
      this.send.take(cost)
      this.receive.receive(cost)
      this.arrived.push(cost)
      this.outstanding += cost
    }
  }

  /** The consumer takes one message; false: there is none, and it begins to wait. */
  take(): boolean {
    const cost = this.arrived.shift()
    if (cost === undefined) {
      this.grant()
      return false
    }
    this.receive.take(cost)
    this.outstanding -= cost
    if (this.receive.isDue) this.grant()
    return true
  }

  takeAll(): void {
    while (this.take());
  }

  private grant(): void {
    this.send.grant(this.receive.grant())
    this.windowBytes = Math.max(this.windowBytes, this.outstanding + this.send.left)
  }
}

for (const bytes of SIZES) {
  test(`a window begins with two frames, and grows to the largest under a consumer that keeps up, with messages of ${bytes} bytes`, () => {
    const flow = new Flow(bytes)
    assert.equal(flow.windowBytes, TWO_FRAMES)
    for (let round = 0; round < ROUNDS && flow.windowBytes < LIMITS.windowBytesMax; round++) {
      flow.fill()
      flow.takeAll()
    }
    assert.equal(flow.windowBytes, LIMITS.windowBytesMax)
  })

  test(`the same where the consumer takes each message of ${bytes} bytes before the next is sent`, () => {
    const flow = new Flow(bytes)
    for (let sent = 0; sent < (2 * LIMITS.windowBytesMax) / frameCost(bytes); sent++) {
      flow.fill(1)
      flow.takeAll()
    }
    assert.equal(flow.windowBytes, LIMITS.windowBytesMax)
  })
}

/** The window of a flow whose consumer takes one message whenever the sender has sent all it may. */
function windowOfSlow(bytes: number): number {
  const flow = new Flow(bytes)
  for (let taken = 0; taken < ROUNDS; taken++) {
    flow.fill()
    flow.take()
  }
  return flow.windowBytes
}

test('a consumer that is slower than its sender keeps the window at two frames', () => {
  for (const bytes of [1, 1000, 1024, 32_768, F]) assert.equal(windowOfSlow(bytes), TWO_FRAMES)
})

test('where but two messages fit and one is less than half a window, a slow consumer too takes all that came: it doubles once', () => {
  for (const bytes of [48_000, F - 8]) assert.equal(windowOfSlow(bytes), 2 * TWO_FRAMES)
})

test('a window grows no further than its consumer asked for', () => {
  for (const windowBytes of [300_000, TWO_FRAMES, frameCost(F), 1]) {
    const flow = new Flow(1024, new Budget(), windowBytes)
    for (let round = 0; round < ROUNDS; round++) {
      flow.fill()
      flow.takeAll()
    }
    assert.equal(flow.windowBytes, Math.max(windowBytes, frameCost(F)))
  }
})

test('windows grow no further than the elastic budget, which their streams share', () => {
  const elasticBytes = 800_000
  const budget = new Budget(elasticBytes)
  const flows = [1000, F].map((bytes) => new Flow(bytes, budget))
  for (let round = 0; round < ROUNDS; round++) {
    for (const flow of flows) flow.fill()
    assert.ok(budget.chargedBytes <= elasticBytes)
    for (const flow of flows) flow.takeAll()
  }
  assert.deepEqual(
    flows.map(({ windowBytes }) => windowBytes),
    [elasticBytes / 2, elasticBytes / 2],
  )
  for (const { receive } of flows) receive.close()
  assert.equal(budget.chargedBytes, 0)
})

test('without an elastic budget every stream keeps the one frame that it owns', () => {
  const flow = new Flow(F, new Budget(0))
  for (let round = 0; round < ROUNDS; round++) {
    flow.fill()
    flow.takeAll()
  }
  assert.equal(flow.windowBytes, frameCost(F))
})

test('a second message of half a ring is on its way beside the first', async () => {
  const bytes = RING / 2
  const mesh = new TestMesh({ factory: (options) => ringLink({ ...options, ringBytes: RING }) })
  let sent = 0
  const source = new TestSource(streamId(1, 1), async (task) => {
    while (await hungry(task)) {
      const [sink] = task.sinks
      if (sink.isHungryFor(bytes)) {
        sink.write(new Uint8Array(bytes))
        sent++
      } else await task.changed()
    }
  })
  mesh.sessions[1].register(source)
  const stream = mesh.request(0, source.id)
  for (let taken = 0; taken < ROUNDS; taken++) await Promise.all([stream.next(), mesh.settle()])
  assert.equal(sent - ROUNDS, 2)
  stream.cancel()
  await mesh.settle()
  await mesh.end()
})
