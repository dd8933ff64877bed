import type { PhysicalStreamId } from '../base/ids.js'
import type { ControlOutlet } from '../frame/control-record.js'
import { CONTROL, CONTROL_FLAG, type ControlType } from '../frame/kinds.js'

interface Cell {
  type: Exclude<ControlType, typeof CONTROL.SESSION_END>
  flags: number
  generation: number
  value: number
  /** Its CALL is not published yet: no record may precede it. */
  held: boolean
  /** Whether it says more than the CALL. */
  changed: boolean
}

/**
 * What is still to be said to one peer: one pending cell per stream, so that control records can neither overflow nor be lost. Limits
 * are absolute and flags add up, so a newer record takes the place of an older one. A cell dies with its stream.
 */
export class ControlCells {
  private readonly cells = new Map<PhysicalStreamId, Cell>()
  private sessionEnd: 'none' | 'due' | 'sent' = 'none'

  /** Records sent so far. */
  sent = 0

  constructor(private readonly outlet: ControlOutlet) {}

  get pending(): number {
    return this.cells.size
  }

  /** Whether records wait that lack nothing but room. */
  get isBlocked(): boolean {
    if (this.sessionEnd === 'due') return true
    for (const cell of this.cells.values()) if (!cell.held) return true
    return false
  }

  /** A CALL was made that is not published yet. */
  hold(id: PhysicalStreamId, generation: number, limit: number): void {
    this.cells.set(id, { type: CONTROL.CREDIT, flags: 0, generation, value: limit, held: true, changed: false })
  }

  /** The CALL is published. */
  unhold(id: PhysicalStreamId): void {
    const cell = this.cells.get(id)
    if (cell === undefined) return
    cell.held = false
    if (!cell.changed) this.cells.delete(id)
  }

  start(id: PhysicalStreamId, generation: number, limit: number): void {
    this.cells.set(id, { type: CONTROL.START_STREAM, flags: 0, generation, value: limit, held: false, changed: true })
  }

  credit(id: PhysicalStreamId, generation: number, limit: number, starving: boolean): void {
    const flags = starving ? CONTROL_FLAG.starving : 0
    const cell = this.cells.get(id)
    if (cell === undefined) this.cells.set(id, { type: CONTROL.CREDIT, flags, generation, value: limit, held: false, changed: true })
    else if (cell.type !== CONTROL.CANCEL_STREAM) {
      cell.value = limit
      cell.changed = true
      // A START says by itself that its consumer waits.
      if (cell.type === CONTROL.CREDIT) cell.flags |= flags
    }
  }

  cancel(id: PhysicalStreamId, generation: number): void {
    this.cells.set(id, { type: CONTROL.CANCEL_STREAM, flags: 0, generation, value: 0, held: false, changed: true })
  }

  endSession(): void {
    if (this.sessionEnd === 'none') this.sessionEnd = 'due'
  }

  /** The stream is over. */
  drop(id: PhysicalStreamId): void {
    this.cells.delete(id)
  }

  clear(): void {
    this.cells.clear()
    this.sessionEnd = 'sent'
  }

  /** Sends what there is room for. Returns whether anything was published. */
  flush(): boolean {
    this.fill()
    return this.outlet.publish()
  }

  wantRoom(): boolean {
    return this.outlet.wantRoom()
  }

  private fill(): void {
    for (const [id, cell] of this.cells) {
      if (cell.held) continue
      if (!this.outlet.trySend({ type: cell.type, flags: cell.flags, generation: cell.generation, id, value: cell.value })) return
      this.cells.delete(id)
      this.sent++
    }
    if (this.sessionEnd !== 'due') return
    const record = { type: CONTROL.SESSION_END, flags: 0, generation: 0, id: 0 as PhysicalStreamId, value: 0 }
    if (this.outlet.trySend(record)) this.sessionEnd = 'sent'
  }
}
