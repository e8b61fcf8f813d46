import { parseArgs } from 'node:util'
import { fuzz, replay } from '../test-concurrency/fuzz/campaign.ts'
import { CELLS } from '../test-concurrency/fuzz/cells.ts'
import { type Form, FULL, SHORT } from '../test-concurrency/fuzz/plan.ts'

const OPTIONS = {
  seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  rounds: { type: 'string', default: 'Infinity' },
  minutes: { type: 'string', default: 'Infinity' },
  lanes: { type: 'string', default: '3' },
  round: { type: 'string' },
  short: { type: 'boolean', default: false },
} as const

/** From so many rounds for each cell on, an empty one is a failure: it is out of reach. */
const FULL_SIZE = 10 * CELLS.length

const { values } = parseArgs({ options: OPTIONS })
process.exitCode = await main(Number(values.seed), values.short ? SHORT : FULL)

/** `npm run fuzz`: random signals to random processes at random moments, for as long as is asked; or one round again. */
async function main(seed: number, form: Form): Promise<number> {
  if (values.round === undefined) return campaign(seed, form)
  const { story, failure } = await replay(seed, Number(values.round), form)
  console.log(failure ?? [...story, 'All was well.'].join('\n'))
  return failure === null ? 0 : 1
}

async function campaign(seed: number, form: Form): Promise<number> {
  const began = performance.now()
  const minutes = () => (performance.now() - began) / 60_000
  console.log(`seed ${seed}`)
  let [told, stopped] = [0, false]
  process.once('SIGINT', () => {
    stopped = true
  })
  const { rounds, failures, histogram } = await fuzz({
    seed,
    form,
    lanes: Number(values.lanes),
    say: console.log,
    isEnough(rounds) {
      if (rounds >= told + 100) {
        told = rounds
        console.log(`${rounds} rounds in ${minutes().toFixed(1)} minutes`)
      }
      return stopped || rounds >= Number(values.rounds) || minutes() >= Number(values.minutes)
    },
  })
  const empty = histogram.empty()
  console.log(histogram.text())
  console.log(`${rounds} rounds in ${minutes().toFixed(1)} minutes, ${failures.length} failed`)
  if (empty.length > 0) console.log(`empty cells: ${empty.join(' ')}`)
  return failures.length === 0 && (empty.length === 0 || rounds < FULL_SIZE) ? 0 : 1
}
