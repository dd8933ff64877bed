/** What a producer throws because the scenario says so. It is known again by its number wherever it arrives. */
export class Injected extends Error {
  readonly code = 'Injected'

  constructor(readonly number: number) {
    super(`injected ${number}`)
  }
}

/** The code of an error; of an injected one with its number. */
export function codeOf(error: unknown): string {
  const { code, number, message } = error as { code?: string; number?: number; message?: string }
  if (code === 'Injected') return `Injected ${number}`
  return code ?? `? ${message}`
}
