import { commandLine } from './cli.ts'

process.exitCode = await commandLine(process.argv.slice(2))
