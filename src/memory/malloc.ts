const PRIMING_BYTES = 0x100_0000

let isPrimed = false

/**
 * Lets this process keep memory that was freed, instead of handing it back to the system at once. Who receives long messages frees tens of
 * megabytes at every garbage collection; glibc returns what lies at the end of its heap beyond 128 KiB (`M_TRIM_THRESHOLD`), and each
 * page costs a fault when it is needed again, a third of the time of a message of 64 KiB. By itself glibc keeps twice as much as the
 * largest block that was ever mapped and freed, up to 64 MiB (mallopt(3), "dynamic mmap threshold"): so one block of 16 MiB is
 * allocated, which nobody touches and so takes no memory, and left to the collector. Elsewhere it does nothing.
 */
export function keepFreedMemory(): void {
  if (isPrimed) return
  isPrimed = true
  new ArrayBuffer(PRIMING_BYTES)
}
