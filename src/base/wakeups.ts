/**
 * Waits for the first of several things again and again. Unlike `Promise.race`, it looks at each of them once until it has happened,
 * however often the others do, so that nothing piles up on one that takes its time.
 */
export class Wakeups {
  private readonly watched = new Set<string>()
  private wake: (() => void) | undefined

  /** Resolves when one of them resolves or rejects, or did so since the last time. Who cares for the error asks where it came from. */
  any(things: Readonly<Record<string, () => Promise<unknown>>>): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve
      for (const [name, promise] of Object.entries(things)) this.watch(name, promise)
    })
  }

  private watch(name: string, promise: () => Promise<unknown>): void {
    if (this.watched.has(name)) return
    this.watched.add(name)
    const happened = () => {
      this.watched.delete(name)
      this.wake?.()
    }
    promise().then(happened, happened)
  }
}
