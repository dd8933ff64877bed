import type { MessagePort } from 'node:worker_threads'
import type { Acquaintance } from './acquaintance.js'
import type { LinkSegment } from './link-layout.js'
import type { MemberCard } from './member.js'
import { MemberWords } from './member-words.js'
import { attachLink } from './ring-link.js'

/** A member in another thread: shared words say how it sleeps, a port carries the bells. `rung` is called when it rings ours. */
export function metThread(card: Pick<MemberCard, 'words'>, bell: MessagePort, rung: () => void): Acquaintance {
  const words = new MemberWords(card.words)
  const ring = () => bell.postMessage(0)
  bell.on('message', rung)
  // The bell alone holds nothing open: whoever waits does.
  bell.unref()
  const remote = {
    get isDead() {
      return words.status.isDead
    },
    wake: () => words.sleep.wake(ring),
  }
  return {
    wake: remote.wake,
    attach: (link, self) => attachLink(link as LinkSegment, self, remote),
    part: () => bell.close(),
  }
}
