import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const MESSAGES = [
  'Connection to 10.0.3.7 timed out after 3000 ms',
  'connect ECONNREFUSED 10.0.3.7:5432',
  'write ENOSPC',
  'Unexpected token < in JSON at position 0',
  'no such user',
]

/** Writes a log of one day of three services, in four files. Every fifth line is an error. */
export async function writeLog(folder: string, entries: number): Promise<void> {
  const files: string[][] = [[], [], [], []]
  for (let number = 0; number < entries; number++) {
    const at = new Date(Date.UTC(2026, 2, 1) + Math.floor((number / entries) * 86_400_000)).toISOString()
    const service = ['api', 'billing', 'search'][number % 3]
    const what = number % 5 === 0 ? `error ${MESSAGES[(number / 5) % MESSAGES.length]}` : `info served request ${number}`
    files[number % 4]?.push(`${at} ${service} ${what}`)
  }
  await Promise.all(files.map((lines, index) => writeFile(join(folder, `${index}.log`), `${lines.join('\n')}\n`)))
}
