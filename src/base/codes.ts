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
    cause: 'A value holds something that cannot be sent to another thread, such as a function, or a long array with nearly nothing in it.',
    cure: 'Send plain data, and a Map for such an array; recreate the rest on the other side.',
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
  WorkerNotFound: {
    fault: 'user',
    cause: 'The URL given to connect names no file, and there is none with the other extension (.ts for .js, .js for .ts) either.',
    cure: 'Check the path in new URL(path, import.meta.url); a bundled program has to bundle its worker too.',
  },
  StartTimeout: {
    fault: 'user',
    cause: 'A worker did not serve in time: the import of its module has not ended.',
    cure: 'Look for a loop, or for a top-level await of something that never comes, in the module; where it only takes long, raise startTimeoutMs.',
  },
  StartFailed: {
    fault: 'user',
    cause: 'The system would not start a worker in a process of its own, or not make the socket of its pool.',
    cure: 'The message says what it refused: use fewer workers, raise the limits of open files or of processes, or see that files can be made in the folder of temporary files.',
  },
  Unresponsive: {
    fault: 'user',
    cause:
      'A handler went on after its call was cancelled, longer than cancelTimeoutMs: its worker was replaced. It is the cause of the PeerLost of what else was open there.',
    cure: 'Look at ctx.cancelled in loops that never yield, pass ctx.signal to what is waited for, or raise cancelTimeoutMs.',
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
    cause: 'The FILE given to the command, or the worker module given to connect, is TypeScript and this Node.js does not strip types.',
    cure: 'Compile it with `tsc` and give the .js file, or use Node.js 22.18 or later.',
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
  ColumnClash: {
    fault: 'user',
    cause: 'Both sides of a join have a column of that name.',
    cure: 'Give the join a suffix for the columns of its right side, or rename one in a map.',
  },
  ColumnType: {
    fault: 'user',
    cause:
      'A row holds a value that no column can hold, or that does not fit the type its column has already; or a list or an object is to be a key or ordered.',
    cure: 'Map every value of a column to one of number, bigint, string, boolean, Date, Uint8Array, an array or a plain object of such, or null; a key to text. The message names column, row and stage.',
  },
  TooManyColumns: {
    fault: 'user',
    cause: 'The rows of one stage, with the lists and objects in them, have more than 4,096 columns.',
    cure: 'Put what varies into a value: rows like { key, value } instead of one key each.',
  },
  StageAnonymous: {
    fault: 'user',
    cause: 'A function without a name, a bound or a native function was given to a flow: workers could not find it.',
    cure: 'Declare it as an exported, named function of the module that the flow was given, and pass that.',
  },
  StageTimeout: {
    fault: 'user',
    cause: 'One call of a stage function took longer than the timeoutMs given with it.',
    cure: 'Raise timeoutMs, or leave such rows out with onError; the error names the row.',
  },
  TooManyErrors: {
    fault: 'user',
    cause: 'A stage function failed for more rows than the maxErrors given with it.',
    cure: 'Look at the cause, the last of these errors; raise maxErrors if so many are acceptable.',
  },
  StageAsync: {
    fault: 'user',
    cause: 'A stage function is async or returned a promise.',
    cure: 'Make it synchronous; do asynchronous preparation in `setup`.',
  },
  StageNotExported: {
    fault: 'user',
    cause: 'A worker did not find a stage function among the exports of its module, or found several that it cannot tell apart.',
    cure: 'Export the function from the module whose URL was given to `flow()`.',
  },
  StageChanged: {
    fault: 'user',
    cause: 'The export of that name has another text in the worker than where the flow was built.',
    cure: 'Build the flow and run it from the same version of the module.',
  },
  StageResult: {
    fault: 'user',
    cause: 'A stage function returned something that is not a row, or a flatMap something that is not iterable.',
    cure: 'Return a plain object; from flatMap an array or generator of plain objects.',
  },
  StageThrew: {
    fault: 'user',
    cause: 'A stage function threw a value that is not an error, or a frozen one.',
    cure: 'See the cause; throw instances of Error.',
  },
  ParamUnknown: {
    fault: 'user',
    cause: 'A parameter was set that no stage declares.',
    cure: 'The message lists the parameters that exist.',
  },
  ParamInvalid: {
    fault: 'user',
    cause: 'A parameter cannot travel in a plan, or a text given for it is not of its type.',
    cure: 'Use plain data (numbers, strings, booleans, null, bigint, Date, bytes, arrays, plain objects); the message names the place.',
  },
  SourceMissing: {
    fault: 'user',
    cause: 'A file named in a source does not exist, is not a regular file, or a pattern matches no file.',
    cure: 'Check the path and the working directory; `allowEmpty: true` accepts that nothing matches.',
  },
  SourceRead: {
    fault: 'user',
    cause: 'A file of a source could not be read or is not of the format that the source says.',
    cure: 'See the cause: the message names the file.',
  },
  SourceLine: {
    fault: 'user',
    cause: 'A line is not a JSON object, or is too long for a string.',
    cure: 'Correct the file; the message names the file, the byte offset of the line and the reason.',
  },
  ColumnMissing: {
    fault: 'user',
    cause: 'A column that the source declares is not in the file.',
    cure: 'The message lists the columns of the file.',
  },
  FileColumn: {
    fault: 'user',
    cause: 'A column of a file does not have the declared type, or a value does not fit it.',
    cure: "Declare the type that the message names; a column with nulls ends with `?`, large integers need `'int64'`.",
  },
  AggregateType: {
    fault: 'user',
    cause: 'An aggregate met values that it cannot take: a sum of text, numbers mixed with bigints, an int64 sum beyond 64 bits.',
    cure: 'Convert the column in a map before the groupBy; the message names column and stage.',
  },
  OperatorBudget: {
    fault: 'user',
    cause: 'An operator that keeps rows needs more memory than its budget, and the run was told not to spill.',
    cure: 'Let it spill, raise `memoryBytes`, use more workers, or keep less: filter earlier, fewer columns, a limit after the sort.',
  },
  QueueBudget: {
    fault: 'user',
    cause:
      'Rows for a receiver that is not ready for them fill the queue of an exchange, another receiver waits for rows, and the run was told not to spill.',
    cure: 'Let it spill, give the run more memoryBytes, or spread the keys of the exchange more evenly.',
  },
  SpillFailed: {
    fault: 'user',
    cause: 'A spill file could not be opened, written or read: a full disk, no permission, a broken device.',
    cure: 'See the cause; make room, name another `spillFolder`, or give more `memoryBytes`.',
  },
  SpillBudget: {
    fault: 'user',
    cause: 'A worker would have more bytes on disk for a run than `spillBytes` allows.',
    cure: 'Give more `spillBytes` or `memoryBytes`, spread the keys more evenly, or keep less.',
  },
  SinkWrite: {
    fault: 'user',
    cause: 'A file of a sink could not be made, written or renamed: a full disk, no permission, a folder where a file should be.',
    cure: 'See the cause; the message names the file. Make room, or write elsewhere.',
  },
  SinkExists: {
    fault: 'user',
    cause: 'A folder that a sink should write to has parts already.',
    cure: 'Name another folder, or give `overwrite: true`: the parts are replaced at the end of the run.',
  },
  SinkResume: {
    fault: 'user',
    cause:
      'The folder of a sink with resume holds what another flow, or one over other files, has not finished, is being written by another run, or was damaged.',
    cure: 'Run the same flow over the same files, or remove the folder .unfinished in it, which begins anew: the message says what has changed.',
  },
  SinkIncomplete: {
    fault: 'user',
    cause: 'Something behind a sink needed no more rows before all of them were written, such as a join whose other side is empty.',
    cure: 'Write the rows behind what stops them, or in a flow of their own.',
  },
  SinkColumn: {
    fault: 'user',
    cause: 'A row has a column that the file being written has not, or a value that does not fit its column there.',
    cure: 'Name the columns in the option `columns` of the sink, or map the rows; the message names column and row.',
  },
  SqlMissing: {
    fault: 'user',
    cause: 'A flow has a statement of SQL, and the package that runs it is not installed or cannot be loaded.',
    cure: 'Install it beside this one: `npm install @duckdb/node-api`. See the cause where it is there.',
  },
  SqlFailed: {
    fault: 'user',
    cause: 'DuckDB refused a statement or could not finish it: its syntax, a column that is not there, a value, memory.',
    cure: 'The message is its own, with the stage and the place in the statement.',
  },
  SqlColumn: {
    fault: 'user',
    cause:
      'The result of a statement lacks a column, has it with another type, or has a value that does not fit; or a table cannot have a column.',
    cure: 'The message names column and types: correct what was declared, or cast in the statement.',
  },
  FlowRanOnImport: {
    fault: 'user',
    cause: 'The module whose functions the workers import runs a flow while it is imported.',
    cure: 'Keep stages and flow in a module of their own, and run it from another: a main.ts beside a stages.ts.',
  },
  Internal: {
    fault: 'library',
    cause: 'An invariant of the library does not hold.',
    cure: 'Report it with the message and stack.',
  },
} as const

/** What `MillraceError.code` may be: see docs/ERRORS.md. */
export type Code = keyof typeof CODES
