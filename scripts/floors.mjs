/**
 * The floors of `src/`, lowest first. A file imports from its own floor or from floors below.
 * Floors in one row stand beside each other and do not import from one another.
 * To add a floor, add its row here: the rules and the planted violations follow.
 */
export const FLOORS = [
  ['base'],
  ['memory'],
  ['ring'],
  ['frame'],
  ['stream'],
  ['mesh'],
  ['call'],
  ['columnar'],
  ['exchange'],
  ['flow'],
  ['sql'],
  ['cli', 'testing'],
]

/** The highest floor that does without packages; coverage counts up to here too. */
export const HIGHEST_PLAIN_FLOOR = 'call'

/** The only floor that knows threads and processes. */
export const THREAD_FLOOR = 'mesh'

/** The files directly in `src/`: the package's exports, each with the highest floor it may import from. No floor imports them. */
export const ENTRIES = { 'index.ts': 'call', 'flow.ts': 'flow', 'sql.ts': 'sql', 'testing.ts': 'testing' }

export const rowOf = (floor) => FLOORS.findIndex((row) => row.includes(floor))

/** The floors a file of `floor` may import from: itself and everything in lower rows. */
export const reachable = (floor) => [...FLOORS.slice(0, rowOf(floor)).flat(), floor]
