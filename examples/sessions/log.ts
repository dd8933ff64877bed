import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Writes a log of one day, in files by the server that answered, so that no user's requests lie together. Every 50th line is broken. */
export async function writeLog(folder: string, requests: number, users: number): Promise<void> {
  let state = 1
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const files: string[][] = [[], [], [], []]
  for (let number = 0; number < requests; number++) {
    const at = new Date(Date.UTC(2026, 2, 1) + Math.floor((number / requests) * 86_400_000)).toISOString()
    const line = number % 50 === 49 ? 'connection reset' : `${at} u${random(users)} GET /page/${random(40)} 200`
    files[random(files.length)]?.push(line)
  }
  await Promise.all(files.map((lines, server) => writeFile(join(folder, `server-${server}.log`), `${lines.join('\n')}\n`)))
}
