/** Who may ask for the overdraft. */
export interface Borrower {
  /** Whether its consumer waits now for a begun message that ends beyond its limit. */
  readonly needsOverdraft: boolean
  /** Hands it the overdraft, up to the end of that message. */
  lend(): void
}

/**
 * A participant's one overdraft slot: it lets the rest of a begun message through where neither window nor budget can, one message at
 * a time, in order of asking.
 */
export class Overdraft {
  private holder: Borrower | undefined
  private readonly waiting = new Set<Borrower>()

  get isFree(): boolean {
    return this.holder === undefined
  }

  ask(borrower: Borrower): void {
    if (this.holder === borrower) return
    this.waiting.add(borrower)
    this.pass()
  }

  /** The last fragment or a terminal arrived, or the peer is gone. */
  release(borrower: Borrower): void {
    this.waiting.delete(borrower)
    if (this.holder !== borrower) return
    this.holder = undefined
    this.pass()
  }

  private pass(): void {
    if (this.holder !== undefined) return
    for (const borrower of this.waiting) {
      if (!borrower.needsOverdraft) continue
      this.waiting.delete(borrower)
      this.holder = borrower
      borrower.lend()
      return
    }
  }
}
