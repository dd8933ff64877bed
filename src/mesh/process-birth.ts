import { rmSync } from 'node:fs'
import { assert } from '../base/assert.js'
import { LEADER } from '../base/ids.js'
import { keepFreedMemory } from '../memory/malloc.js'
import type { MappedSegment, Mapper } from '../memory/mapped-memory.js'
import { ERROR_BYTES_MAX, encodeError, rankOf } from '../stream/error-payload.js'
import type { MappedLink } from './acquaintance.js'
import { holdLifeline } from './lifeline.js'
import { Member } from './member.js'
import { MemberWords } from './member-words.js'
import { metProcess } from './process-acquaintance.js'
import type { ProcessBirthData, ProcessReply } from './process-birth-data.js'
import type { Means, SetupMessage } from './setup.js'
import { reach, SocketBridge } from './socket-bridge.js'
import { socketPath } from './socket-folder.js'
import type { Birth } from './thread-birth.js'
import { openTable } from './transport.js'
import { keepWholeLines } from './whole-lines.js'
import { Wire } from './wire.js'
import { WorkerSide } from './worker-side.js'

/** Of more than so many the leader is not told: what waits for it takes its memory. */
const STRANGERS_TOLD_MAX = 1000

/** Where this process was started by a pool, its worker side; undefined everywhere else. To be called once. */
export async function bornInProcess(): Promise<Birth | undefined> {
  if (process.channel === undefined) return undefined
  for (const stream of [process.stdout, process.stderr]) process.once('exit', keepWholeLines(stream))
  tellOfDeath()
  keepFreedMemory()
  // A terminal sends it to all processes of a program: what is to end, and how, is for the leader to say.
  process.on('SIGINT', () => {})
  // What comes while its sockets are being made waits.
  const early: SetupMessage[] = []
  let take: (message: SetupMessage) => void = (message) => early.push(message)
  const birth = await new Promise<ProcessBirthData>((resolve) => {
    process.once('message', (first) => {
      process.on('message', (message) => take(message as SetupMessage))
      resolve(first as ProcessBirthData)
    })
  })
  holdLifeline(birth.folder)
  const side = await begin(birth)
  take = (message) => side.receive(message)
  for (const message of early) take(message)
  return { side, boot: birth.boot }
}

async function begin({ id, title, folder, token, link, table, elasticBytes }: ProcessBirthData): Promise<WorkerSide> {
  process.title = title
  const shared = table && openTable(table)
  const wordsOf = (member: number) => shared && MemberWords.inTable(shared.segment, member)
  const member = new Member(id, wordsOf(id))
  const toLeader = new Wire(member.loop.bell)
  let isLeaving = false
  const orphaned = () => {
    if (isLeaving) return
    // Nobody else is there any more to clear up.
    rmSync(folder, { recursive: true, force: true })
    process.exit()
  }
  process.once('disconnect', orphaned)
  let strangers = 0
  const refused = (why: string) => {
    if (++strangers <= STRANGERS_TOLD_MAX) say({ kind: 'stranger', why })
  }
  const bridge = new SocketBridge({ folder, self: id, refused })
  await bridge.listen()
  toLeader.onLost(orphaned)
  const met = (wire: Wire, other: number) =>
    metProcess({
      wire,
      isDead: () => wire.isLost,
      schedule: () => member.loop.schedule(),
      shared: shared && { open: openOf(shared.mapper), words: wordsOf(other) as MemberWords },
    })
  member.meet(LEADER, met(toLeader, LEADER))
  reach(socketPath(folder, LEADER), { member: id, token }, toLeader)
  const meet = (through: Means) => {
    assert(through.kind !== 'port', 'processes meet through sockets')
    const wire = new Wire(member.loop.bell)
    if (through.kind === 'expect') bridge.expect(through.member, through.token, wire)
    else reach(socketPath(folder, through.member), { member: id, token: through.token }, wire)
    return met(wire, through.member)
  }
  return new WorkerSide({
    member,
    self: id,
    elasticBytes,
    leaderEnd: member.attach(LEADER, link, id),
    met: meet,
    post: (reply) => say(reply),
    leave: () => {
      isLeaving = true
      member.partFromAll()
      bridge.close()
      process.disconnect()
    },
  })
}

/** Opens the memory of a link, and tells its maker, who need not hold it any longer. */
function openOf(mapper: Mapper): (link: MappedLink) => MappedSegment {
  return ({ address, epoch }) => {
    const mapped = mapper.open(address)
    say({ kind: 'opened', epoch })
    return mapped
  }
}

function say(reply: ProcessReply, said: () => void = () => {}): void {
  if (process.connected) process.send?.(reply, said)
}

/** An error that nobody catches ends this process, as it would a thread: the pool is told why. */
function tellOfDeath(): void {
  process.on('uncaughtException', (error) => {
    if (process.listenerCount('uncaughtException') > 1) return
    say({ kind: 'dying', error: encodeError(error, rankOf(error), ERROR_BYTES_MAX) }, () => process.exit(1))
  })
}
