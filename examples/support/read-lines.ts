import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { globSync } from 'tinyglobby'

/** The lines of every file that matches, file by file: the plain reader for programs of one thread. */
export function* readLines(patterns: string | readonly string[], cwd: string): Generator<string[]> {
  for (const file of globSync([patterns].flat(), { cwd })) yield readFileSync(join(cwd, file), 'utf8').split('\n')
}
