/**
 * Breaks each rule of the locks, the runs, their teardown, the queue and the records in a copy of the sources, and expects the named test to
 * turn red by that. A mutant that survives is a rule that no test holds.
 * usage: node scripts/mutants.ts [--only RULE]… [--list] [--json] [--page]
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { MUTANTS } from '../test-concurrency/mutants/all.ts'
import type { Mutant } from '../test-concurrency/mutants/mutant.ts'
import { cleanUp, removeTree } from './mutants/cleanUp.ts'
import { PAGE, pageWith } from './mutants/page.ts'
import { makeTree, staleMutants, type Tree } from './mutants/tree.ts'
import { MOST_TEST_MS, runTests, type TestEnd, type Verdict } from './mutants/vitest.ts'

const REPOSITORY = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '')

interface Outcome {
  readonly rule: string
  readonly test: string
  readonly end: 'killed' | 'SURVIVED' | 'ERROR' | 'skipped'
  readonly why: string
  readonly tookMs: number
}

process.exitCode = await main()

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true, default: [] },
      list: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      page: { type: 'boolean', default: false },
    },
  })
  const all = Object.values(MUTANTS).flat()
  const stale = [...staleMutants(REPOSITORY, all), ...unknown(all, values.only)]
  for (const fault of stale) console.error(fault)
  if (stale.length > 0) return 2
  const wanted = all.filter(({ rule }) => values.only.length === 0 || values.only.includes(rule))
  if (values.page) writePage()
  else if (values.list) for (const mutant of wanted) console.log(lineOf(mutant))
  else return judged(await tried(wanted, values.json), values.json)
  return 0
}

function unknown(all: readonly Mutant[], only: readonly string[]): readonly string[] {
  return only
    .filter((rule) => !all.some((one) => one.rule === rule))
    .map((rule) => `there is no mutant ${rule}`)
}

function writePage(): void {
  const path = join(REPOSITORY, PAGE)
  writeFileSync(path, pageWith(readFileSync(path, 'utf8'), MUTANTS))
}

function lineOf({ rule, law, test }: Mutant): string {
  return `${rule}: ${law}\n    ${test.file}: ${test.name}`
}

/** One after the other: the tests are about what happens when, and two cores are soon busy. */
async function tried(mutants: readonly Mutant[], quiet: boolean): Promise<readonly Outcome[]> {
  const tree = makeTree(REPOSITORY)
  const interrupted = () => void removeTree(tree).finally(() => process.exit(130))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupted)
  try {
    const green = await greenTests(tree, mutants)
    const outcomes: Outcome[] = []
    for (const mutant of mutants) {
      const outcome = await outcomeOf(tree, mutant, green)
      if (!quiet) console.log(wordsOf(outcome))
      outcomes.push(outcome)
    }
    return outcomes
  } finally {
    await removeTree(tree)
  }
}

/** What each test says of sources that nothing was done to, once: only a green one can turn red. */
async function greenTests(tree: Tree, mutants: readonly Mutant[]): Promise<ReadonlyMap<string, Verdict>> {
  const byFile = Map.groupBy(mutants, ({ test }) => test.file)
  const verdicts = new Map<string, Verdict>()
  for (const [file, own] of byFile) {
    verdicts.set(file, await runTests(tree, file, [...new Set(own.map(({ test }) => test.name))]))
    await cleanUp(tree)
  }
  return verdicts
}

async function outcomeOf(tree: Tree, mutant: Mutant, green: ReadonlyMap<string, Verdict>): Promise<Outcome> {
  const { rule, test } = mutant
  const startedAt = performance.now()
  const ended = (end: Outcome['end'], why: string): Outcome => ({
    rule,
    test: `${test.file}: ${test.name}`,
    end,
    why,
    tookMs: Math.round(performance.now() - startedAt),
  })
  const before = named(green.get(test.file), test.name)
  if (typeof before === 'string') return ended('ERROR', before)
  const red = before.find(({ status }) => status === 'failed')
  if (red !== undefined) return ended('ERROR', `red without any mutant: ${red.fault}`)
  if (before.every(({ status }) => status === 'skipped'))
    return ended('skipped', 'the test needs what this machine has not')
  using _mutated = tree.mutated(mutant)
  const after = named(await runTests(tree, test.file, [test.name], patience(before)), test.name)
  const { left } = await cleanUp(tree)
  if (left.length > 0) return ended('ERROR', `left by the mutant: ${left.join(', ')}`)
  if (typeof after === 'string') return ended('ERROR', after)
  const killer = after.find(({ status }) => status === 'failed')
  return killer === undefined ? ended('SURVIVED', '') : ended('killed', killer.fault)
}

/** A test that waits for what the mutant keeps from coming would wait for a minute and more. */
function patience(before: readonly TestEnd[]): number {
  const longest = Math.max(...before.map(({ tookMs }) => tookMs))
  return Math.min(MOST_TEST_MS, Math.max(20_000, 4 * longest))
}

/** The ends of the tests that have this in their names. */
function named(verdict: Verdict | undefined, name: string) {
  if (verdict === undefined || verdict.kind === 'broken') return verdict?.why ?? 'the test did not run'
  const ends = verdict.ends.filter((end) => end.name.includes(name))
  return ends.length === 0 ? 'there is no test of that name' : ends
}

/** A test that cannot run here holds nothing here: where nothing may be skipped it is a failure. */
function judged(outcomes: readonly Outcome[], json: boolean): number {
  const count = (end: Outcome['end']) => outcomes.filter((outcome) => outcome.end === end).length
  if (json) console.log(JSON.stringify(outcomes, null, 2))
  else
    console.log(
      `${outcomes.length} mutants: ${count('killed')} killed, ${count('SURVIVED')} survived, ${count('skipped')} skipped, ${count('ERROR')} errors`,
    )
  const bad = count('SURVIVED') + count('ERROR') + (process.env['CI'] === undefined ? 0 : count('skipped'))
  return bad === 0 ? 0 : 1
}

function wordsOf({ rule, test, end, why, tookMs }: Outcome): string {
  return `${end.padEnd(8)} ${rule} (${(tookMs / 1000).toFixed(1)} s)\n         ${test}${why === '' ? '' : `\n         ${why}`}`
}
