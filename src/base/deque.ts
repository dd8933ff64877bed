/** A first-in first-out queue with constant-time ends; the array is compacted as it is read. */
export class Deque<T> {
  private items: (T | undefined)[] = []
  private first = 0

  get length(): number {
    return this.items.length - this.first
  }

  push(item: T): void {
    this.items.push(item)
  }

  peek(): T | undefined {
    return this.items[this.first]
  }

  shift(): T | undefined {
    if (this.first === this.items.length) return undefined
    const item = this.items[this.first]
    this.items[this.first++] = undefined
    if (this.first === this.items.length) this.clear()
    else if (this.first >= 1024 && this.first * 2 >= this.items.length) {
      this.items = this.items.slice(this.first)
      this.first = 0
    }
    return item
  }

  some(holds: (item: T) => boolean): boolean {
    for (let at = this.first; at < this.items.length; at++) if (holds(this.items[at] as T)) return true
    return false
  }

  clear(): void {
    this.items.length = 0
    this.first = 0
  }
}
