/**
 * Whether Node.js would not import TypeScript. To be tried first and judged by its answer, so that a loader that brings TypeScript to an older
 * Node.js works too.
 */
export function isUnknownTypeScript(error: unknown): boolean {
  return (
    error instanceof Error && (error as NodeJS.ErrnoException).code === 'ERR_UNKNOWN_FILE_EXTENSION' && /\.[mc]?tsx?"?/.test(error.message)
  )
}
