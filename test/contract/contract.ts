import test from 'node:test'
import { LIMITS } from '../../src/base/limits.js'
import type { LinkFactory } from '../support/links.js'

/** A kind of link with a size of its rings, and how its name begins the names of the tests. */
export interface Subject {
  readonly name: string
  readonly factory: LinkFactory
  readonly ringBytes: number
  /** F: the largest payload of a frame. */
  readonly payloadMax: number
  /** Whether who reads nothing keeps the other from sending. What goes over a real socket is in the hands of the system. */
  readonly holdsBack: boolean
}

export function subject(name: string, factory: LinkFactory, ringBytes: number, holdsBack = true): Subject {
  return { holdsBack, name, factory, ringBytes, payloadMax: Math.min(LIMITS.framePayloadBytesMax, ringBytes / 8) }
}

/** `test`, with the subject in the name. */
export function namedTest({ name, ringBytes }: Subject): (title: string, body: () => void | Promise<void>) => void {
  return (title, body) => void test(`${name}, ${ringBytes / 1024} KiB: ${title}`, body)
}

/** Runs only where who reads nothing holds the other back. */
export function testOfFullRings(subject: Subject): ReturnType<typeof namedTest> {
  return subject.holdsBack ? namedTest(subject) : () => {}
}
