import { serve } from '../../src/index.js'

/** What `reading` saw. */
const notes: string[] = []
/** How far `counted` is. */
let step = 0

export default serve({
  async *upper(lines: AsyncIterable<string>): AsyncGenerator<string, number> {
    let count = 0
    for await (const line of lines) {
      count++
      yield line.toUpperCase()
    }
    return count
  },
  async total(numbers: AsyncIterable<number>): Promise<number> {
    let sum = 0
    for await (const number of numbers) sum += number
    return sum
  },
  async lengths({ prefix, parts }: { prefix: string; parts: AsyncIterable<Uint8Array> }): Promise<string> {
    const lengths: number[] = []
    for await (const part of parts) lengths.push(part.length)
    return `${prefix}${lengths.join(',')}`
  },
  async first(numbers: AsyncIterable<number>): Promise<number> {
    for await (const number of numbers) return number
    return -1
  },
  ignored: (_numbers: AsyncIterable<number>): string => 'done',
  async *ignoredStream(_numbers: AsyncIterable<number>): AsyncGenerator<number> {
    yield 1
    yield 2
  },
  async *reading(numbers: AsyncIterable<number>): AsyncGenerator<number> {
    notes.length = 0
    try {
      for await (const number of numbers) yield number
    } catch (error) {
      notes.push(`input: ${(error as Error).name} ${(error as Error).message}`)
      throw error
    } finally {
      notes.push('finally')
    }
  },
  notes: (): readonly string[] => notes,
  kinds: (input: unknown): string => describe(input),
  async *echo(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    yield* bytes
  },
  *counted(to: number): Generator<number> {
    for (let n = 1; n <= to; n++) {
      step = n
      yield n
    }
  },
  step: (): number => step,
})

function describe(input: unknown): string {
  if (typeof input !== 'object' || input === null) return typeof input
  if (Symbol.asyncIterator in input) return 'stream'
  const members = Object.entries(input).map(([name, value]) => `${name}: ${describe(value)}`)
  return `${Object.prototype.toString.call(input).slice(8, -1)} { ${members.join(', ')} }`
}
