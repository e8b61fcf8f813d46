/** `npm run simulate`: a day of comments for the real queue in a time of its own, and who waited how long for what. */
import { parseArgs } from 'node:util'
import { EXIT } from '../src/errors.ts'
import { type Outcome, type Story, simulate } from './simulate/engine.ts'
import { NO_VIOLATIONS } from './simulate/judge.ts'

const OPTIONS = {
  seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  runs: { type: 'string', default: '1000' },
  slots: { type: 'string', default: '4' },
  json: { type: 'boolean', default: false },
} as const

const { values } = parseArgs({ options: OPTIONS })
const plan = { seed: Number(values.seed), runs: Number(values.runs), slots: Number(values.slots) }

function tell({ stories, violations }: Outcome): number {
  const isGood = Object.values(violations).every((count) => count === 0)
  if (values.json) process.stdout.write(`${JSON.stringify({ plan, violations, stories })}\n`)
  else process.stdout.write(`${tableOf(stories)}\n\n${countsOf(violations)}\n`)
  return isGood && stories.length === plan.runs ? EXIT.ok : 1
}

function tableOf(stories: readonly Story[]): string {
  const repositories = [...Map.groupBy(stories, ({ run }) => run.repository)].toSorted()
  const rows = [...repositories, ['all', stories] as const].map(([name, all]) => {
    const waits = all.map(({ waitedMs }) => waitedMs / 1000).toSorted((a, b) => a - b)
    const passed = Math.max(...all.map((story) => story.passed))
    const priority = name === 'all' ? '' : String(all[0]?.run.priority ?? 0)
    const times = [0.5, 0.95, 1].map((part) => at(waits, part).toFixed(0))
    return [name, String(all.length), priority].concat(times, String(passed))
  })
  const head = ['repository', 'runs', 'priority', 'wait p50 s', 'p95 s', 'longest s', 'most passed by']
  const words = `seed ${plan.seed}: ${plan.runs} runs on ${plan.slots} slots`
  return [words, '', ...[head, ...rows].map(lineOf)].join('\n')
}

function lineOf(cells: readonly string[]): string {
  return cells
    .map((cell, index) => (index === 0 ? cell.padEnd(14) : cell.padStart(15)))
    .join('')
    .trimEnd()
}

function at(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN
}

const WORDS: Readonly<Record<keyof typeof NO_VIOLATIONS, string>> = {
  shared: 'starts on a name that somebody had',
  inversions: 'starts before somebody ahead on the same name',
  unfair:
    'slots that somebody else should have had: fewer runs under way in its repository or pull request, or older',
  idle: 'moments with a free slot and a run that could start',
  starved: 'runs passed after an hour although their repository had less under way',
}

function countsOf(violations: Outcome['violations']): string {
  return Object.entries(violations)
    .map(
      ([key, count]) =>
        `${String(count).padStart(5)} ${Object.entries(WORDS).find(([one]) => one === key)?.[1] ?? key}`,
    )
    .join('\n')
}

const isUsable = Object.values(plan).every(Number.isSafeInteger) && plan.runs > 0 && plan.slots > 0
if (isUsable) process.exitCode = tell(await simulate(plan))
else {
  process.stderr.write('--seed, --runs and --slots must be whole numbers, and runs and slots at least 1\n')
  process.exitCode = EXIT.badInput
}
