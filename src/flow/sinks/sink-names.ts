import { randomBytes } from 'node:crypto'
import { basename, dirname, resolve } from 'node:path'
import { isOwnerGone, ownerMark } from '../../exchange/spill-owner.js'
import type { SinkFormat, SinkPlan } from '../sink-plan.js'

export const MANIFEST_NAME = '_manifest.json'
/** The folder, in that of a sink with `resume`, of what is written until all is. */
export const UNFINISHED_NAME = '.unfinished'

const TEMPORARY = /^\..+\.millrace-(\d+-\d+-[0-9a-f]{8})-[0-9a-f]{8}\.tmp$/

/** What the names of all temporary files of one run have, and those of no other run. */
export function runMark(): string {
  return `millrace-${ownerMark()}-${randomBytes(4).toString('hex')}`
}

/** Under which name a file is written before it gets its own. */
export function temporaryName(name: string, mark: string): string {
  return `.${name}.${mark}.tmp`
}

/** Where in the folder of a sink a file lies until it gets its name. */
export function writtenName({ parts }: SinkPlan, name: string, mark: string): string {
  return parts?.resume === undefined ? temporaryName(name, mark) : `${UNFINISHED_NAME}/${name}`
}

/** Whether a name is that of a temporary file of this run. */
export function isTemporaryOf(name: string, mark: string): boolean {
  return name.endsWith(`.${mark}.tmp`)
}

/** Whether a name is that of a temporary file whose process is surely gone. */
export function isLeftover(name: string): boolean {
  const mark = TEMPORARY.exec(name)?.[1]
  return mark !== undefined && isOwnerGone(mark)
}

/** The `number`th part, from 1, of a worker. */
export function partName(worker: number, number: number, format: SinkFormat): string {
  return `part-${worker}-${number}.${format}`
}

/** The number of a part of its worker; 0 for what is no part. */
export function numberOf(name: string): number {
  return Number(/^part-\d+-(\d+)\./.exec(name)?.[1] ?? 0)
}

export function isPart(name: string, format: SinkFormat): boolean {
  return /^part-\d+-\d+\.(\w+)$/.exec(name)?.[1] === format
}

/** The folder that the files of a sink lie in, and the name of the one file; without a name it is a folder of parts. */
export interface SinkTarget {
  readonly folder: string
  readonly name: string | undefined
}

export function targetOf({ path, parts }: SinkPlan, cwd: string): SinkTarget {
  const whole = resolve(cwd, path)
  return parts === undefined ? { folder: dirname(whole), name: basename(whole) } : { folder: whole, name: undefined }
}

/** A file of a sink as its user named it: `out/a.jsonl`, `out/parts/part-1-1.csv`. */
export function shownName({ path, parts }: SinkPlan, name: string): string {
  return parts === undefined ? path : `${path}${name}`
}
