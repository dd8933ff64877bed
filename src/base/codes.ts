/** Whose fault an error is: the caller's, ours, or what runs on the other side. */
export type Fault = 'user' | 'library' | 'remote'

/** Every code an error of this package can carry. `docs/ERRORS.md` is compared with this table by a test. */
export const CODES = {
  Protocol: {
    fault: 'library',
    cause: 'A frame, control record or total from a peer breaks the protocol.',
    cure: 'Both sides must run the same version; if they do, report it with the message.',
  },
  PeerLost: {
    fault: 'remote',
    cause: 'The thread or process at the other end is gone before the stream or call had ended.',
    cure: 'Look at the cause (exit code, out of memory, uncaught error) and call again: the pool has replaced the worker.',
  },
  Cancelled: {
    fault: 'user',
    cause: 'The stream, call or run was cancelled by its consumer.',
    cure: 'Nothing: this is the answer to a cancel. The reason is the cause.',
  },
  SessionEnded: {
    fault: 'user',
    cause: 'The pool or the run was closed while the stream or call was open, or before it began.',
    cure: 'Finish or cancel what is open before closing.',
  },
  TooManyCalls: {
    fault: 'user',
    cause: 'More calls are open to one worker than the limit allows.',
    cure: 'Consume or cancel open streams, or use more workers.',
  },
  MessageTooLarge: {
    fault: 'user',
    cause: 'One value or batch is larger than 256 MiB when encoded.',
    cure: 'Send it in pieces.',
  },
  NotCloneable: {
    fault: 'user',
    cause: 'A value holds something that cannot be sent to another thread, such as a function.',
    cure: 'Send plain data; recreate the rest on the other side.',
  },
  NotIterable: {
    fault: 'user',
    cause: 'A handler marked with stream() returned nothing that can be iterated.',
    cure: 'Return an iterable, or take the mark away.',
  },
  NotMarkedStream: {
    fault: 'user',
    cause: 'A handler that is no generator function returned an iterable, or the promise of its call was iterated.',
    cure: 'Wrap the handler in stream(), or make it a generator function.',
  },
  NotServed: {
    fault: 'user',
    cause: 'The worker module has no default export made by serve().',
    cure: 'Write `export default serve({ ... })` in the worker module.',
  },
  RemoteError: {
    fault: 'remote',
    cause: 'The other side threw a value that is not an error known here.',
    cure: 'See the message, the remote stack and the cause.',
  },
  InvalidArgument: {
    fault: 'user',
    cause: 'An option or argument is of the wrong type or out of range.',
    cure: 'The message names the option, what was given and what is allowed.',
  },
  UnknownStream: {
    fault: 'library',
    cause: 'A stream was asked for that its sender never planned.',
    cure: 'Report it with the plan.',
  },
  OutOfMemory: {
    fault: 'user',
    cause: 'Memory that participants share could not be allocated.',
    cure: 'Use fewer workers, smaller rings, or more memory.',
  },
  ColumnType: {
    fault: 'user',
    cause: 'A row holds a value that no column can hold, or that does not fit the type its column has already.',
    cure: 'Map every value of a column to one of number, bigint, string, boolean, Date, or null. The message names column, row and stage.',
  },
  TooManyColumns: {
    fault: 'user',
    cause: 'The rows of one stage have more than 4,096 different keys.',
    cure: 'Put what varies into a value: rows like { key, value } instead of one key each.',
  },
  Internal: {
    fault: 'library',
    cause: 'An invariant of the library does not hold.',
    cure: 'Report it with the message and stack.',
  },
} as const

export type Code = keyof typeof CODES
