import { createRequire } from 'node:module'

/** A column of a chunk, in DuckDB's memory. */
export interface NativeVector {
  readonly __duckdb_type: 'duckdb_vector'
}

/** What the package of DuckDB stands on: the memory of its vectors as bytes. Each call copies. */
export interface Native {
  data_chunk_get_vector(chunk: unknown, column: number): NativeVector
  vector_get_data(vector: NativeVector, bytes: number): Uint8Array
  /** Nothing where no value is null. */
  vector_get_validity(vector: NativeVector, bytes: number): Uint8Array | null | undefined
  vector_ensure_validity_writable(vector: NativeVector): void
  /** Puts a string there, whose bytes the vector keeps from then on. */
  vector_assign_string_element_len(vector: NativeVector, row: number, bytes: Uint8Array): void
  copy_data_to_vector(vector: NativeVector, to: number, source: ArrayBuffer, from: number, bytes: number): void
  copy_data_to_vector_validity(vector: NativeVector, to: number, source: ArrayBuffer, from: number, bytes: number): void
  /** So many bytes from where the pointer at `at` points to. */
  get_data_from_pointer(buffer: ArrayBuffer, at: number, bytes: number): Uint8Array
}

let loaded: Native | undefined

/** It is a package of that package's own, and found from there. */
export function loadNative(): Native {
  loaded ??= createRequire(createRequire(import.meta.url).resolve('@duckdb/node-api'))('@duckdb/node-bindings') as Native
  return loaded
}
