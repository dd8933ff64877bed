import { serve } from '../../src/index.js'

export default serve({
  pid: (): number => process.pid,
  shown: (): { argv: string[]; env: Record<string, string | undefined> } => ({ argv: process.argv, env: { ...process.env } }),
  title: (): string => process.title,
  *numbers(to: number): Generator<number> {
    for (let n = 0; n < to; n++) yield n
  },
  /** Frames whose every byte says which they are: a torn one shows. */
  *blocks(_input: undefined, ctx): Generator<Uint8Array> {
    for (let n = 0; !ctx.cancelled; n++) yield new Uint8Array(1 + ((n * 7919) % 30_000)).fill(n & 0xff)
  },
  /** Never lets the event loop turn, but looks. */
  *spins(_input: undefined, ctx): Generator<string> {
    yield 'spins'
    while (!ctx.cancelled);
  },
  /** Never lets the event loop turn, and never looks. */
  *neverLooks(): Generator<string> {
    yield 'never looks'
    for (;;);
  },
  says: (text: string): boolean => process.stdout.write(text),
  /** What the user's own code sends by the channel of its process is nothing to the pool. */
  sends: (): boolean => [null, 1, 'text', { kind: 'nonsense' }].every((said) => process.send?.(said)),
  never: (): Promise<never> => new Promise(() => {}),
  fills(): number {
    const all: number[][] = []
    for (;;) all.push(Array.from({ length: 10_000 }, (_, n) => n + all.length))
  },
})
