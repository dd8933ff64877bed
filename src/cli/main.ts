#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { command } from './command.js'
import { EXIT } from './exit-codes.js'
import { processShell } from './shell.js'

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string }

process.exitCode = await command(process.argv.slice(2), version, processShell)
// Everything is disposed here. A reader that has stopped reading would still hold the process by what is left in the pipe.
if (process.exitCode === EXIT.interrupted) process.exit()
