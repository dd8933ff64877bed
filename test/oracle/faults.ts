import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { PROJECT_ROOT } from '../support/root.js'
import type { Engine } from './engine.js'

/** A fault of an operator: other text in place of some of what is published. */
export interface Fault {
  readonly name: string
  readonly changes: readonly (readonly [text: string, other: string])[]
  /** One that finds it. */
  readonly seed: number
}

/** Spaces stand for any space; each text is there once. */
export const FAULTS: readonly Fault[] = [
  {
    name: 'a join matches nulls',
    seed: 10,
    changes: [
      [
        'if (value === null || value === void 0) return false; this.#kinds[i] ??=',
        'if (value !== null && value !== void 0) this.#kinds[i] ??=',
      ],
      [
        'if (value === null || value === void 0) return false; const expected',
        'if (value === null || value === void 0) continue; const expected',
      ],
    ],
  },
  {
    name: 'an average counts nulls',
    seed: 3,
    changes: [
      [
        'else if (value === null || value === void 0) return; else this.#addOther(group, value);',
        'else if (typeof value === "bigint") this.#addOther(group, value);',
      ],
    ],
  },
  {
    name: 'a distinct ignores one column',
    seed: 64,
    changes: [['of this.#sortedNames(row)) key +=', 'of this.#sortedNames(row).slice(1)) key +=']],
  },
  {
    name: 'nulls come first in a descending order',
    seed: 12,
    changes: [['if (!descending || a === null || b === null) return compareValues(a, b);', 'if (!descending) return compareValues(a, b);']],
  },
  {
    name: 'a limit lets one row too many through',
    seed: 68,
    changes: [
      ['if (this.#left === 0) { closeUnwanted(this.#input); return END; }', 'if (this.#left < 0) return END;'],
      ['if (typeof row !== "symbol" && --this.#left === 0)', 'if (typeof row !== "symbol" && --this.#left < 0)'],
    ],
  },
]

/** A copy of the package with a fault. Its modules lie in a folder of their own, below the project, until `remove`. */
export async function withFault({ name, changes }: Fault): Promise<{ engine: Engine; remove(): Promise<void> }> {
  const dist = fileURLToPath(new URL('dist/', PROJECT_ROOT))
  const folder = await mkdtemp(join(dist, 'fault-'))
  await cp(join(dist, 'lib'), folder, { recursive: true })
  const chunks = join(folder, 'chunks')
  const files = (await readdir(chunks)).map((file) => join(chunks, file))
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')))
  for (const [text, other] of changes) {
    const pattern = new RegExp(text.split(' ').map(escaped).join('\\s+'), 'g')
    const found = texts.flatMap((each, index) => [...each.matchAll(pattern)].map(() => index))
    if (found.length !== 1) throw new Error(`${name}: the text to change is there ${found.length} times: ${text}`)
    texts[found[0]] = texts[found[0]].replace(pattern, () => other)
  }
  await Promise.all(files.map((file, index) => writeFile(file, texts[index])))
  const engine = (await import(pathToFileURL(join(folder, 'entry/flow.js')).href)) as Engine
  return { engine, remove: () => rm(folder, { recursive: true }) }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
