import { lines, readBatches } from 'millrace/flow'
import { type ClassCount, classified } from './stages.ts'

/** The same in this thread. */
export async function classesInOneThread(patterns: string, hours: number): Promise<ClassCount[]> {
  const groups = new Map<string, { count: ClassCount; hours: Set<number> }>()
  for await (const batch of readBatches(lines(patterns))) {
    for (const { text } of batch) {
      const [, time = '', service = '', message = ''] = /^(\S+) (\S+) error (.*)$/.exec(text) ?? []
      const at = new Date(time)
      if (Number.isNaN(at.getTime())) continue
      at.setUTCMinutes(0, 0, 0)
      const entry = classified({ service, hour: at, message })
      const key = `${entry.service} ${entry.class}`
      const group = groups.get(key) ?? { count: { service: entry.service, class: entry.class, n: 0, hours: 0 }, hours: new Set() }
      groups.set(key, group)
      group.count.n++
      group.hours.add(at.getTime())
      group.count.hours = group.hours.size
    }
  }
  const all = [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, { count }]) => count)
  return all.filter((count) => count.hours >= hours)
}
