import { readFileSync } from 'node:fs'

/** The project's root, seen from `dist/test/support/`. */
export const PROJECT_ROOT = new URL('../../../', import.meta.url)

/** The text of a file of the project; `path` is relative to its root. */
export function readProjectFile(path: string): string {
  return readFileSync(new URL(path, PROJECT_ROOT), 'utf8')
}
