/** Lets the event loop turn once. */
export function macrotask(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
