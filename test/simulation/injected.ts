/** Longer than any frame on the smallest rings. */
const LONG = 2000

/** What a producer throws because the scenario says so. It is known again by its number wherever it arrives; some do not fit a frame. */
export class Injected extends Error {
  readonly code = 'Injected'

  constructor(readonly number: number) {
    super(`injected ${number} ${'!'.repeat(number % 2 === 0 ? 0 : LONG)}`)
  }
}

/** The code of an error; of an injected one with its number. */
export function codeOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string }
  if (code === 'Injected') return `Injected ${message?.split(' ')[1]}`
  return code ?? `? ${message}`
}
