import { MillraceError } from '../base/errors.js'
import { LIMITS } from '../base/limits.js'

/** @throws MillraceError `InvalidArgument` */
export function checkBetween(name: string, value: number, least: number, most: number): void {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new MillraceError('InvalidArgument', `${name} must be an integer from ${least} to ${most}, got ${String(value)}`)
  }
}

/** @throws MillraceError `InvalidArgument` */
export function checkWorkers(workers: number): void {
  checkBetween('workers', workers, 0, 1024)
}

/** @throws MillraceError `InvalidArgument` */
export function checkRingBytes(ringBytes: number): void {
  checkBetween('ringBytes', ringBytes, LIMITS.ringBytesMin, LIMITS.ringBytesMax)
  if ((ringBytes & (ringBytes - 1)) !== 0) throw new MillraceError('InvalidArgument', `ringBytes must be a power of two, got ${ringBytes}`)
}

/** A whole number from 1, as options give it; `where` begins the message. @throws MillraceError `InvalidArgument` */
export function countOption(value: unknown, name: string, where: string): number {
  return wholeOption(value, { name, least: 1, most: Number.MAX_SAFE_INTEGER }, where)
}

/** @throws MillraceError `InvalidArgument` */
export function wholeOption(
  value: unknown,
  { name, least, most }: { readonly name: string; readonly least: number; readonly most: number },
  where: string,
): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most) return value
  throw new MillraceError('InvalidArgument', `${where}: ${name} is a whole number from ${least} to ${most}, got ${String(value)}`)
}
