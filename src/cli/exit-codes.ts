/** What the command's exit code says. `--help` prints these lines. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export const EXIT_HELP = `
Exit codes:
  0    done, also when the reader of stdout left early (| head)
  1    the flow failed, or its file could not be imported
  2    the command was used wrongly: options, unknown --set, FILE missing or not a flow
  130  interrupted by Ctrl-C (a second Ctrl-C exits at once)
`
