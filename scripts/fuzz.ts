import { parseArgs } from 'node:util'
import { fuzz, replay } from '../test-concurrency/fuzz/campaign.ts'
import { cellOf, nameOf } from '../test-concurrency/fuzz/cells.ts'

const OPTIONS = {
  seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  rounds: { type: 'string', default: 'Infinity' },
  minutes: { type: 'string', default: 'Infinity' },
  lanes: { type: 'string', default: '3' },
  round: { type: 'string' },
  cells: { type: 'string', default: '' },
} as const

const { values } = parseArgs({ options: OPTIONS })
process.exitCode = await main()

/** `npm run fuzz`: random signals to random processes at random moments, for as long as is asked; or one round again. */
async function main(): Promise<number> {
  const seed = Number(values.seed)
  if (values.round === undefined) return campaign(seed)
  const cells = values.cells
    .split(',')
    .filter((name) => name !== '')
    .map(cellOf)
  const failure = await replay(seed, Number(values.round), cells)
  console.log(failure ?? 'All was well.')
  return failure === null ? 0 : 1
}

async function campaign(seed: number): Promise<number> {
  const began = performance.now()
  const minutes = () => (performance.now() - began) / 60_000
  const asked = Math.min(
    Number(values.rounds),
    values.minutes === 'Infinity' ? Number(values.rounds) : Infinity,
  )
  console.log(`seed ${seed}`)
  let [told, stopped] = [0, false]
  process.once('SIGINT', () => {
    stopped = true
  })
  const { rounds, failures, histogram } = await fuzz({
    seed,
    grain: nameOf,
    lanes: Number(values.lanes),
    say: console.log,
    isEnough(rounds, histogram) {
      if (rounds >= told + 100) {
        told = rounds
        console.log(`${rounds} rounds in ${minutes().toFixed(1)} minutes\n${histogram.text()}`)
      }
      return stopped || rounds >= asked || minutes() >= Number(values.minutes)
    },
  })
  const empty = histogram.empty()
  console.log(histogram.text())
  console.log(
    `${rounds} rounds in ${minutes().toFixed(1)} minutes, ${failures.length} failed; empty cells: ${empty.join(' ') || 'none'}`,
  )
  return failures.length === 0 && empty.length === 0 ? 0 : 1
}
