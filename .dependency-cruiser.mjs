import { ENTRIES, FLOORS, HIGHEST_PLAIN_FLOOR, reachable, THREAD_FLOOR } from './scripts/floors.mjs'

const folders = (floors) => `^src/(${floors.join('|')})/`
const onFile = (file) => `^src/${file.replace('.', '[.]')}$`
const plainEntries = Object.keys(ENTRIES).filter((file) => ENTRIES[file] === HIGHEST_PLAIN_FLOOR)

/** One rule per floor: what is in `src/` but neither in the floor itself nor below it is out of reach. */
const floorRules = FLOORS.flat().map((floor) => ({
  name: `floor-${floor}`,
  comment: `src/${floor} imports from itself and from: ${reachable(floor).slice(0, -1).join(', ') || 'nothing'}`,
  severity: 'error',
  from: { path: folders([floor]) },
  to: { path: '^src/', pathNot: folders(reachable(floor)) },
}))

const entryRules = Object.entries(ENTRIES).map(([file, floor]) => ({
  name: `entry-${file}`,
  comment: `src/${file} exports what is in src/${floor} and below`,
  severity: 'error',
  from: { path: onFile(file) },
  to: { path: '^src/', pathNot: folders(reachable(floor)) },
}))

export default {
  forbidden: [
    ...floorRules,
    ...entryRules,
    {
      name: 'no-packages-below-columnar',
      comment: `src/${HIGHEST_PLAIN_FLOOR} and everything below it use Node's own modules only`,
      severity: 'error',
      from: { path: [folders(reachable(HIGHEST_PLAIN_FLOOR)), ...plainEntries.map(onFile)] },
      to: { pathNot: '^src/', dependencyTypesNot: ['core'] },
    },
    {
      name: 'threads-in-mesh-only',
      comment: `only src/${THREAD_FLOOR} knows threads and processes`,
      severity: 'error',
      from: { path: '^src/', pathNot: folders([THREAD_FLOOR]) },
      to: { path: '^(node:)?(worker_threads|child_process|cluster)$' },
    },
    {
      name: 'no-cycles',
      comment: 'files do not import each other in a circle',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true },
    },
  ],
  options: { parser: 'swc', tsPreCompilationDeps: true, doNotFollow: { path: 'node_modules' } },
}
