import { systemClock } from '../base/clock.js'
import { PeerLostError } from '../base/errors.js'
import type { Hold } from '../mesh/hold.js'
import { hasTravelled, RANK, rankOf } from '../stream/error-payload.js'

/** How long the leader waits for the root of an error that is itself a consequence. */
const ROOT_WAIT_MS = 100

/** What a run failed with, as far as the leader has learnt: errors come from several sides, and most of them are consequences of one. */
export class RootError {
  private known: { readonly error: unknown } | undefined
  private resolveRoot: () => void = () => {}

  /** The nearest to the root so far. */
  get nearest(): { readonly error: unknown } | undefined {
    return this.known
  }

  /** The root itself, once it is known. */
  get root(): { readonly error: unknown } | undefined {
    return this.known !== undefined && rankOf(this.known.error) === RANK.root ? this.known : undefined
  }

  /** The first root counts, and before it what is nearer to one. */
  learn(error: unknown): void {
    if (this.known !== undefined && rankHere(this.known.error) <= rankHere(error)) return
    this.known = { error }
    if (this.root !== undefined || (error instanceof PeerLostError && !isHearsay(error))) this.resolveRoot()
  }

  /**
   * What to tell the user of an error: its root, where it becomes known soon. A root that came with the rows may have been cut to
   * their small frames; the worker tells of it in full. `hold` keeps the process alive meanwhile.
   */
  async of(error: unknown, hold: Hold | undefined): Promise<unknown> {
    if (rankOf(error) === RANK.root && !hasTravelled(error)) return error
    if (this.known === undefined || isHearsay(this.known.error)) await this.soon(hold)
    return this.known?.error ?? error
  }

  private async soon(hold: Hold | undefined): Promise<void> {
    hold?.change(1)
    await new Promise<void>((resolve) => {
      const cancel = systemClock.schedule(resolve, ROOT_WAIT_MS)
      this.resolveRoot = () => {
        cancel()
        resolve()
      }
    })
    hold?.change(-1)
  }
}

/** A worker tells that another is gone: the leader will know why. */
function isHearsay(error: unknown): boolean {
  return error instanceof PeerLostError && hasTravelled(error)
}

function rankHere(error: unknown): number {
  return isHearsay(error) ? RANK.consequence : rankOf(error)
}
