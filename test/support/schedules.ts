/** Picks one of `options` (0 to options - 1). Every combination of picks is tried in some run. */
export type Choose = (options: number) => number

/**
 * Runs `body` once for every sequence of choices it can make, depth first, and returns how often it ran. A run is replayed from its
 * choices alone, so `body` starts from fresh state and does nothing that is not determined by them.
 */
export function everySchedule(body: (choose: Choose) => void): number {
  const path: { picked: number; options: number }[] = []
  for (let runs = 1; ; runs++) {
    let depth = 0
    body((options) => {
      if (depth === path.length) path.push({ picked: 0, options })
      return path[depth++].picked
    })
    while (path.length > 0 && path[path.length - 1].picked + 1 === path[path.length - 1].options) path.pop()
    if (path.length === 0) return runs
    path[path.length - 1].picked++
  }
}
