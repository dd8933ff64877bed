import assert from 'node:assert/strict'
import { LIMITS } from '../../src/base/limits.js'
import { Arena } from './arena.js'
import { FLOOD, OFFENCES, PLANNED_OFFENCES, type Shot, script } from './attack.js'
import type { Dice } from './dice.js'
import { RawRing } from './raw-ring.js'

/** Four times what the smallest ring holds, and so the largest window. */
const FLOOD_FRAMES = 32

/** One session with a peer that breaks the protocol in some way; whatever it does, the other peer's stream comes to its right end. */
export async function sessionCase(dice: Dice): Promise<void> {
  const arena = new Arena(dice)
  await arena.open(dice)
  const attacker = new Attacker(dice, arena)
  for (const shot of script(dice, arena.kind, arena.asked)) {
    attacker.fire(shot)
    if (dice.chance(0.5)) await (dice.chance(0.5) ? arena.settle() : arena.step())
    if (dice.chance(0.01)) arena.end()
  }
  // What is half written could make one frame of what follows.
  attacker.publish()
  await arena.settle()
  if (arena.isOpen) await offend(dice, arena, attacker)
  await arena.finish()
}

/** Whoever is not found out by now does what is never right: that fails the pair for sure. */
async function offend(dice: Dice, arena: Arena, attacker: Attacker): Promise<void> {
  const offences = arena.kind === 'query' ? { ...OFFENCES, ...PLANNED_OFFENCES } : OFFENCES
  const what = dice.pick(Object.keys(offences))
  for (let times = what === FLOOD ? FLOOD_FRAMES : 1; times > 0 && !arena.hasFailed; times--) {
    if (!attacker.commit(offences[what])) return
    await arena.settle()
  }
  assert.equal(arena.hasFailed, true, `${what} is believed`)
}

/** The hostile peer's hands on its four rings. */
class Attacker {
  private readonly data: RawRing
  private readonly control: RawRing
  /** What our session writes to it. */
  private readonly theirs: readonly RawRing[]

  constructor(
    private readonly dice: Dice,
    private readonly arena: Arena,
  ) {
    const { ab, ba, controlAb, controlBa } = arena.regions
    this.data = new RawRing(ba)
    this.control = new RawRing(controlBa)
    this.theirs = [new RawRing(ab), new RawRing(controlAb)]
  }

  fire({ ring, bytes }: Shot): void {
    const { dice } = this
    const out = ring === 'data' ? this.data : this.control
    if (ring === 'data' && bytes.length <= LIMITS.ringBytesMin && dice.chance(0.98)) out.pad((bytes.length + 7) & ~7)
    // A ring that has no room any more is a fault of its own, now and then.
    if (bytes.length + 16 > out.free && !dice.chance(0.02)) return
    out.put(bytes)
    if (dice.chance(0.9)) out.publish()
    if (dice.chance(0.5)) for (const each of this.theirs) each.takeAll()
    if (dice.chance(0.03)) this.spoilWords()
    this.arena.ring()
  }

  /** Publishes all that was put. */
  publish(): void {
    this.data.publish()
    this.control.publish()
    this.arena.ring()
  }

  /** Publishes it whatever else there is. False: there is no room. */
  commit({ ring, bytes }: Shot): boolean {
    const out = ring === 'data' ? this.data : this.control
    if (2 * bytes.length > out.free) return false
    if (ring === 'data') out.pad(bytes.length)
    out.put(bytes)
    out.publish()
    this.arena.ring()
    return true
  }

  private spoilWords(): void {
    const { dice } = this
    const ring = dice.pick([this.data, this.control, ...this.theirs])
    const which = dice.pick(['tail', 'head', 'spaceWanted', 'capacity'] as const)
    const near = which === 'tail' || which === 'head' ? ring.word(which) + dice.pick([-16, -8, -1, 4, 8, 16, 4096]) : dice.int(3)
    ring.setWord(which, dice.chance(0.5) ? near : dice.word())
  }
}
