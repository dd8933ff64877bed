/** What flows are made and run with: the package, or a copy of it with a fault. */
export type Engine = typeof import('millrace/flow')
