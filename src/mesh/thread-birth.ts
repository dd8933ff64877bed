import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { assert } from '../base/assert.js'
import { LEADER, participantId } from '../base/ids.js'
import { Member } from './member.js'
import { MemberWords } from './member-words.js'
import { type BirthData, isBirthData, type SetupMessage } from './setup.js'
import { metThread } from './thread-acquaintance.js'
import { keepWholeLines } from './whole-lines.js'
import { WorkerSide } from './worker-side.js'

export interface Birth {
  readonly side: WorkerSide
  readonly boot: unknown
}

/** Where this thread was started by a pool, its worker side; undefined everywhere else. To be called once. */
export function bornInThread(): Birth | undefined {
  if (isMainThread || parentPort === null || !isBirthData(workerData)) return undefined
  const { card, leader, bell, link, elasticBytes, boot }: BirthData = workerData
  const port = parentPort
  for (const stream of [process.stdout, process.stderr]) process.once('exit', keepWholeLines(stream))
  const self = participantId(card.id)
  const member = new Member(card.id, new MemberWords(card.words), { mayBlock: true })
  member.meet(LEADER, metThread(leader, bell, member.loop.bell))
  const side = new WorkerSide({
    member,
    self,
    elasticBytes,
    leaderEnd: member.attach(LEADER, link, self),
    met: (through) => {
      assert(through.kind === 'port', 'threads meet through ports')
      return metThread(through, through.bell, member.loop.bell)
    },
    post: (reply) => port.postMessage(reply),
    leave: () => {
      member.partFromAll()
      // In Deno it cannot be closed.
      if (typeof port.close === 'function') port.close()
      else process.exit()
    },
  })
  port.on('message', (message: SetupMessage) => side.receive(message))
  return { side, boot }
}

/** What the floors above sent with the birth of this thread, without beginning anything; undefined where no pool started it. */
export function bootOfThread(): unknown {
  return isBirthData(workerData) ? workerData.boot : undefined
}
