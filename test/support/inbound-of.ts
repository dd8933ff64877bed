import type { Inbound } from '../../src/stream/inbound.js'

/** An inbound stream that has all its messages at hand, and ends behind them. */
export function inboundOf(messages: readonly Uint8Array[]): Inbound {
  const left = [...messages]
  const inbound = {
    take: () => left.shift(),
    get isDone() {
      return left.length === 0
    },
    ready: async () => {},
    cancel: () => {},
  }
  return inbound as unknown as Inbound
}
