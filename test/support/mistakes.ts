import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const compilerOptions = {
  target: 'es2022',
  module: 'nodenext',
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  skipLibCheck: true,
  types: ['node'],
}

/** What the compiler says of each piece of code behind the same head, in lines; modules are imported from three folders up, and from here. */
export async function compileMistakes(folderOfTest: URL, head: string, codes: readonly string[]): Promise<string[][]> {
  const folder = await mkdtemp(join(fileURLToPath(folderOfTest), 'mistakes-'))
  try {
    const files = codes.map((_, i) => `mistake-${i}.ts`)
    await Promise.all(codes.map((code, i) => writeFile(join(folder, files[i]), `${head}export const job = ${code}\n`)))
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }))
    const parts = (await compile(folder)).split(/\n(?=\S)/)
    return files.map(
      (file) =>
        parts
          .find((part) => part.startsWith(file))
          ?.trimEnd()
          .split('\n') ?? [],
    )
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** What the compiler prints; it ends with an error, as it should. */
function compile(folder: string): Promise<string> {
  const tsc = fileURLToPath(new URL('../../../node_modules/typescript/bin/tsc', import.meta.url))
  return new Promise((resolve) => {
    execFile(process.execPath, [tsc, '-p', '.', '--pretty', 'false'], { cwd: folder }, (_error, stdout) => resolve(stdout))
  })
}
