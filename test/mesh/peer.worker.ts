import { writeFileSync } from 'node:fs'
import { logicalId, participantId, physicalId } from '../../src/base/ids.js'
import { CallServer } from '../../src/call/call-server.js'
import type { CallContext, Handlers } from '../../src/call/handlers.js'
import { RemoteStream } from '../../src/call/remote-stream.js'
import { encodeValue } from '../../src/call/value-writer.js'
import { type Birth, bornInThread } from '../../src/mesh/thread-birth.js'
import type { QueryInvitation, WorkerSide } from '../../src/mesh/worker-side.js'
import type { Inbound } from '../../src/stream/inbound.js'
import { usedBytes } from '../support/garbage.js'
import { gated, messages, streamId, TestSource } from '../support/test-source.js'

/** What each worker of a test's query does: gives its own messages to the worker before it, and those of the next to the leader. */
export interface TestPlan {
  readonly workers: number
  readonly messages: number
  readonly bytes: number
  /** This participant's producer kills its worker. */
  readonly dies?: number
}

/** Which procedure is which. */
export const PROCEDURES = ['blocks', 'pull', 'link', 'published', 'die', 'wait', 'spin', 'collect', 'late'] as const
export const OWN = 2
export const FORWARDED = 1

/** Serves the tests of the mesh: in a worker of its own, or inline. */
export function servePeer(side: WorkerSide): void {
  const { session } = side
  let generation = 0
  let late = 'nothing'

  async function call(peer: number, procedure: (typeof PROCEDURES)[number], input: unknown): Promise<Inbound> {
    await side.linkTo(participantId(peer))
    const at = { generation: ++generation, procedure: PROCEDURES.indexOf(procedure), inputId: physicalId(logicalId(0), participantId(0)) }
    return session.call(
      physicalId(logicalId(generation), participantId(peer)),
      { ...at, inputGeneration: 0, input: encodeValue(input) },
      { delivery: 'calls' },
    )
  }

  const handlers: Handlers = {
    *blocks({ blocks, bytes }: { blocks: number; bytes: number }) {
      for (let n = 0; n < blocks; n++) yield new Uint8Array(bytes).fill(n)
    },
    async pull({ peer, marker, ...input }: { peer: number; blocks: number; bytes: number; marker?: string }) {
      const stream = await call(peer, 'blocks', input)
      let bytes = 0
      for await (const block of new RemoteStream<Uint8Array>(async () => stream, undefined)) bytes += block.length
      if (marker !== undefined) writeFileSync(marker, '')
      return { bytes }
    },
    link: async ({ peer }: { peer: number }) => side.linkTo(participantId(peer)),
    published: () => Object.fromEntries(session.peerIds.map((peer) => [peer, session.publishedBytes(peer)])),
    die: () => process.exit(3),
    wait: () => new Promise(() => {}),
    spin: () => {
      for (;;);
    },
    collect: () => void usedBytes(),
    async late({ peer }: { peer: number }, { signal }: CallContext) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      late = await side.linkTo(participantId(peer)).then(
        () => 'linked',
        (error) => error.code,
      )
      return late
    },
  }

  const server = new CallServer(session, handlers)
  side.ready(
    {
      called: (peer, id, payload) => server.called(peer, id, payload),
      invited: (invitation) => joinQuery(side, invitation),
      closing: () => server.idle(),
    },
    PROCEDURES,
  )
}

function joinQuery(side: WorkerSide, invitation: QueryInvitation): void {
  const { self } = invitation
  const plan = invitation.plan as TestPlan
  const before = ((self + plan.workers - 2) % plan.workers) + 1
  const next = (self % plan.workers) + 1
  const session = side.join(invitation, {
    peerEnding: (peer) => {
      if (peer === 0) void session.end()
    },
  })
  const own = async (task: Parameters<ReturnType<typeof gated>>[0]) => {
    if (plan.dies === self) process.exit(4)
    await gated(messages(plan.messages, plan.bytes))(task)
  }
  session.register(new TestSource(streamId(OWN, self), own, { receivers: [before], delivery: 'flows' }))
  const forwarded = session.request(streamId(OWN, next), { delivery: 'flows' })
  const forward = async (task: Parameters<ReturnType<typeof gated>>[0]) => {
    const [sink] = task.sinks
    for (;;) {
      while (!sink.isHungry && !sink.isClosed) await task.changed()
      if (sink.isClosed) break
      const message = await forwarded.next()
      if (message === undefined) break
      sink.write(message)
    }
    forwarded.cancel()
  }
  session.register(new TestSource(streamId(FORWARDED, self), forward, { receivers: [0], delivery: 'flows' }))
  session.seal()
}

const birth: Birth | undefined = bornInThread()
if (birth !== undefined) servePeer(birth.side)
