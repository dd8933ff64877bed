import type { ParticipantId } from '../base/ids.js'
import type { SharedWords } from './shared-words.js'

const ALIVE = 0
const DEAD = 1

/** Whether each participant of a mesh lives; written by the leader alone, when a worker has exited. */
export class StatusWords {
  constructor(private readonly words: SharedWords) {}

  isDead(participant: ParticipantId): boolean {
    return this.words.load(participant) !== ALIVE
  }

  markDead(participant: ParticipantId): void {
    this.words.store(participant, DEAD) // SYNC death: everything the dead had published was published before its exit
  }
}
