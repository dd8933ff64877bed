/**
 * What is published: the compiled modules of `src/` put together in a few files, `dist/lib`, because a worker that loads a hundred modules
 * takes three times as long to start as one that loads three (docs/decisions/bundle.md). Every file lies one folder deep, so that a path
 * such as `../call/bootstrap.js` means the same in `dist/src` and in `dist/lib`.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { build } from 'esbuild'
import { ROOT } from './run.mjs'

const SRC = join(ROOT, 'dist/src')
const LIB = join(ROOT, 'dist/lib')

const COMMAND = './cli/main.js'
const CALL_WORKER = './call/bootstrap.js'
/** It stands alone. */
const WATCHDOG = './mesh/watchdog.js'

/** What somebody loads by its path, from the module that it is. */
const ENTRIES = {
  'entry/index': './index.js',
  'entry/flow': './flow.js',
  'entry/sql': './sql.js',
  'entry/testing': './testing.js',
  'call/bootstrap': CALL_WORKER,
  'flow/bootstrap': './flow/bootstrap.js',
  'sql/stage': './sql/stage.js',
  'cli/main': COMMAND,
  'mesh/watchdog': WATCHDOG,
}

/** Each entry loads all that calls need, so that it is one file: a bundler cuts by who needs what. */
const CORE = ['./index.js', './call/serve-module.js', './mesh/birth.js']

const LATER =
  /\/dist\/src\/(call\/connect|mesh\/process-birth|flow\/sources\/(?:arrow-source|csv-source|parquet-source|inflate|zstd)|flow\/sinks\/(?:arrow-row-encoder|parquet-encoder))\.js$/

const entriesWithCore = {
  name: 'entries-with-core',
  setup(bundler) {
    bundler.onResolve({ filter: /^entry:/ }, ({ path }) => ({ path: path.slice('entry:'.length), namespace: 'entry' }))
    // What is loaded later is an entry too, as a bundler sees it.
    bundler.onLoad({ filter: LATER }, ({ path }) => {
      const up = relative(dirname(path), SRC)
      return { contents: `${CORE.map((module) => `import './${join(up, module)}'\n`).join('')}${readFileSync(path, 'utf8')}`, loader: 'js' }
    })
    // A worker's own module will ask for it: it is read beside the rest.
    bundler.onResolve({ filter: /^published:/ }, ({ path }) => ({ path: path.slice('published:'.length), external: true }))
    bundler.onLoad({ filter: /.*/, namespace: 'entry' }, ({ path }) => ({
      contents: `${path === CALL_WORKER ? "import 'published:../entry/index.js'\n" : ''}${path === COMMAND ? '#!/usr/bin/env node\n' : ''}${path === WATCHDOG ? '' : CORE.map((module) => `import '${module}'\n`).join('')}export * from '${path}'`,
      resolveDir: SRC,
    }))
  },
}

/** Puts them together; writes what changed, and removes what is no longer there. */
export async function bundle() {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: Object.fromEntries(Object.entries(ENTRIES).map(([out, module]) => [out, `entry:${module}`])),
    outdir: LIB,
    bundle: true,
    splitting: true,
    treeShaking: false,
    ignoreAnnotations: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    chunkNames: 'chunks/[name]-[hash]',
    plugins: [entriesWithCore],
    write: false,
    logLevel: 'warning',
  })
  const written = new Set(outputFiles.map(({ path }) => relative(LIB, path)))
  for (const { path, text } of outputFiles) {
    if (existsSync(path) && readFileSync(path, 'utf8') === text) continue
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  for (const name of readdirSync(LIB, { recursive: true })) {
    if (name.includes('.') && !written.has(name)) rmSync(join(LIB, name))
  }
}
