/** Time for answers in one turn of the event loop. */
const TURN_MS = 2

// biome-ignore lint/suspicious/noExplicitAny: fs.readdir has many overloads; all end in a callback
type Readdir = (...args: any[]) => void

/**
 * A `readdir` whose answers come spread over turns of the event loop. A walk over a large tree asks for all directories at once,
 * and the answers would come in bursts that hold up the thread.
 */
export function pacedReaddir(readdir: Readdir): Readdir {
  const answers: (() => void)[] = []
  let draining = false
  const drain = (): void => {
    const began = performance.now()
    for (let answer = answers.shift(); answer !== undefined; answer = answers.shift()) {
      answer()
      if (performance.now() - began >= TURN_MS) break
    }
    draining = answers.length > 0
    if (draining) setImmediate(drain)
  }
  return (...args) => {
    const callback = args.pop() as (...results: unknown[]) => void
    readdir(...args, (...results: unknown[]) => {
      answers.push(() => callback(...results))
      if (!draining) setImmediate(drain)
      draining = true
    })
  }
}
