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
