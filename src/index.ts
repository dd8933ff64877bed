export type { Code } from './base/codes.js'
export {
  CancelledError,
  MillraceError,
  PeerLostError,
  ProtocolError,
  SessionEndedError,
  TooManyCallsError,
} from './base/errors.js'
export type { Api, CallOptions, HighWaterMark, Peers, Remote, StreamCallOptions } from './call/api.js'
export { connect } from './call/begin.js'
export type { CallLogRecord } from './call/call-log.js'
export type { Carrier, Extract, Inject } from './call/carrier.js'
export type { Codec } from './call/codec.js'
export type { Connection, ConnectOptions } from './call/connect.js'
export type { WorkerRange } from './call/elastic.js'
export {
  type CallContext,
  type CallLogLevel,
  coded,
  type Handlers,
  idempotent,
  type Served,
  type ServeOptions,
  stream,
} from './call/handlers.js'
export type { PoolStats, WorkerStats } from './call/pool-stats.js'
export type { RemoteStream } from './call/remote-stream.js'
export { serve } from './call/serve.js'
export type { CallTrace } from './call/tracing.js'
export type { UnresponsiveReport } from './call/unresponsive.js'
export type { MediumDescription } from './mesh/medium.js'
export type { WorkerKind } from './mesh/pool-options.js'
export type { StallReport } from './mesh/stall-report.js'
export type { WorkerFactory } from './mesh/thread-host.js'
export { registerError } from './stream/error-classes.js'
export type { Wait } from './stream/waits.js'
