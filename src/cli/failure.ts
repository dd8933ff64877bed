/** A chain of causes longer than this is cut: it is a cycle, or nobody reads on. */
const CAUSES_MAX = 8

type Details = { readonly [name: string]: unknown }

function headline(error: unknown): string {
  if (!(error instanceof Error)) return `error: ${String(error)}`
  const { code } = error as Details & Error
  return `error ${typeof code === 'string' ? code : error.name}: ${error.message}`
}

/** Where a stage failed, for errors that say it. */
function place(error: Details): string[] {
  const lines: string[] = []
  if (error.stage !== undefined) lines.push(`  stage: ${String(error.stage)}`)
  if (error.file !== undefined) {
    const offset = error.offset === undefined ? '' : `, offset ${String(error.offset)}`
    lines.push(`  file: ${String(error.file)}${offset}`)
  }
  return lines
}

function causes(error: unknown): unknown[] {
  const chain: unknown[] = []
  let next = error
  while (
    next instanceof Error &&
    next.cause !== undefined &&
    chain.length < CAUSES_MAX &&
    next.cause !== error &&
    !chain.includes(next.cause)
  ) {
    next = next.cause
    chain.push(next)
  }
  return chain
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? `${error.name}: ${error.message}`) : String(error)
}

/** What is said on stderr about an error: code, message, place and causes; the stacks only where `debug` asks for them. Lines are ended. */
export function failureText(error: unknown, debug: boolean): string {
  const lines = [headline(error)]
  for (const cause of [error, ...causes(error)]) {
    if (cause !== error) lines.push(`  cause: ${headline(cause).replace(/^error:? /, '')}`)
    if (cause instanceof Error) lines.push(...place(cause as unknown as Details))
    if (debug)
      lines.push(
        ...stackOf(cause)
          .split('\n')
          .map((line) => `    ${line}`),
      )
  }
  return `${lines.join('\n')}\n`
}
