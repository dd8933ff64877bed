export type { Aggregate, Aggregates } from './flow/aggregates.js'
export type { ColumnSpec, ColumnType, SourceColumns, SourceRow } from './flow/column-spec.js'
export type { Ctx, LogLevel, LogRecord, SetupCtx, SourceLocation } from './flow/ctx.js'
export { explainPlan } from './flow/explain.js'
export type { Exchange, Flow } from './flow/flow-builder.js'
export { createPool, type FlowPool, type FlowPoolOptions } from './flow/flow-pool.js'
export { type FlowStart, flow, type ReadSplits } from './flow/flow-start.js'
export type { Inputs } from './flow/inputs.js'
export type { JoinOptions } from './flow/join-options.js'
export { asc, desc, type Order, type SortKey, type StableOrder } from './flow/order.js'
export { env } from './flow/param-codec.js'
export { setParams } from './flow/params.js'
export type { JoinKind, OrderKey, Plan, StagePlan } from './flow/plan.js'
export { type ReadOptions, readBatches } from './flow/read-batches.js'
export type { Reducer } from './flow/reducer.js'
export type { BytesOptions } from './flow/row-bytes.js'
export type { Columns, FailedRow, FailingRows, ReduceOptions } from './flow/row-types.js'
export type { FlowBatch, FlowRow, FlowRun, FlowsRun, RunStats } from './flow/run.js'
export { explainAll, runAll } from './flow/run-all.js'
export type { RunOptions } from './flow/run-options.js'
export type { Sink } from './flow/sink.js'
export type { Part } from './flow/sinks/part-writer.js'
export {
  arrow,
  type CsvColumns,
  type CsvOptions,
  csv,
  type JsonlOptions,
  jsonl,
  type Line,
  lines,
  type ParquetOptions,
  parquet,
  rows,
  type Source,
  type SourceOptions,
} from './flow/source.js'
export {
  type ArrowColumnSpec,
  type ArrowSinkOptions,
  type ArrowText,
  type CsvSinkOptions,
  type CsvText,
  type ParquetSinkOptions,
  type PartOptions,
  to,
} from './flow/to.js'
export type { StallReport } from './mesh/stall-report.js'
