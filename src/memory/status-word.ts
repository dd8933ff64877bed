import type { SharedWords } from './shared-words.js'

const ALIVE = 0
const DEAD = 1

/** Whether a participant lives. Written by the leader alone, when it has exited; read by all who have a link to it. */
export class StatusWord {
  constructor(
    private readonly words: SharedWords,
    private readonly index: number,
  ) {}

  get isDead(): boolean {
    return this.words.load(this.index) !== ALIVE
  }

  /** SYNC death: what the dead had published was published before it exited, and so before this. */
  markDead(): void {
    this.words.store(this.index, DEAD)
  }
}
