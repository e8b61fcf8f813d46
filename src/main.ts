import { hearHangUps } from './cli/hangUps.ts'

// Loading all the rest takes longer than anything else of a start, and until it is heard a SIGHUP ends the process.
const hangUps = process.argv[2] === 'serve' ? hearHangUps() : null
const { commandLine } = await import('./cli.ts')
process.exitCode = await commandLine(process.argv.slice(2), hangUps)
