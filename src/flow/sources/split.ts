/** A range of bytes of one file: the lines, or row groups, that start in it. `path` as rows show it, relative to the run's directory. */
export interface SplitFile {
  readonly path: string
  readonly start: number
  readonly end: number
}

/** The unit of input that is handed to a worker: plain data. */
export interface Split {
  readonly id: number
  readonly files: readonly SplitFile[]
}

/** Names a range of a file, the same at every run over the same files. */
export function splitIdOf({ path, start }: SplitFile): string {
  return `${path}:${start}`
}
