type Outcome<R> = { readonly value: R } | { readonly error: unknown }

function nothing(): void {}

/** How a stream ended, as a promise that is made when it is first asked for and is never an unhandled rejection. */
export class StreamResult<R> {
  private outcome: Outcome<R> | undefined
  private asked: Promise<R> | undefined
  private answer: (outcome: Outcome<R>) => void = nothing

  get promise(): Promise<R> {
    if (this.asked === undefined) {
      this.asked = new Promise((resolve, reject) => {
        this.answer = (outcome) => ('error' in outcome ? reject(outcome.error) : resolve(outcome.value))
      })
      this.asked.catch(nothing)
      if (this.outcome !== undefined) this.answer(this.outcome)
    }
    return this.asked
  }

  /** The first that is told counts. */
  settle(outcome: Outcome<R>): void {
    if (this.outcome !== undefined) return
    this.outcome = outcome
    this.answer(outcome)
  }
}
