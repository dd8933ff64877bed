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
  FlowFileNotFound: {
    fault: 'user',
    cause: 'The command was given a FILE that does not exist or is not a file.',
    cure: 'Check the path; it is taken from the current directory.',
  },
  FlowFileFailed: {
    fault: 'user',
    cause: 'The FILE given to the command could not be imported: it, or a module it imports, threw or was not found.',
    cure: 'See the cause; `node FILE` shows the same error.',
  },
  NotAFlow: {
    fault: 'user',
    cause: 'The FILE given to the command has no default export, or its default export is not a flow.',
    cure: 'Write `export default flow(import.meta.url).read(...)` in that file.',
  },
  TypeScriptUnsupported: {
    fault: 'user',
    cause: 'The FILE given to the command is TypeScript and this Node.js does not strip types.',
    cure: 'Compile it with `tsc` and give the .js file, or use Node.js 22.18 or later.',
  },
  Internal: {
    fault: 'library',
    cause: 'An invariant of the library does not hold.',
    cure: 'Report it with the message and stack.',
  },
} as const

export type Code = keyof typeof CODES
