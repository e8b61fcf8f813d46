import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { isLive, isOver, RUN_STATES } from '../src/model/run.ts'

const SRC = fileURLToPath(new URL('../src', import.meta.url))
const sources = globSync('**/*.{ts,js}', { cwd: SRC })
  .sort()
  .map((path) => ({ path, code: withoutComments(readFileSync(`${SRC}/${path}`, 'utf8')) }))

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
}

/** Each place once, as often as it is there. */
function placesOf(pattern: RegExp): readonly string[] {
  return sources.flatMap(({ path, code }) => [...code.matchAll(pattern)].map(() => path))
}

describe('one store, one client of each kind', () => {
  test('R-QUE-08 nobody but the store opens a database, or knows what it is made of', () => {
    const imports = placesOf(/^import (?!type).* from 'node:sqlite'$/gm)
    expect(imports).toEqual(['store/backup.ts', 'store/database.ts'])
    const types = placesOf(/from 'node:sqlite'|import\(['"]node:sqlite/g)
    expect(types.filter((path) => !path.startsWith('store/'))).toEqual([])
    expect(placesOf(/better-sqlite3|\bpg\b'/g)).toEqual([])
  })

  test('R-QUE-08 one connection of a process writes the records; the others, of a backup, read them, and write its copy before anybody has it', () => {
    const writing = /new DatabaseSync\((?!.*readOnly: true)(?!temporary\))/g
    expect(placesOf(writing)).toEqual(['store/database.ts'])
    expect(placesOf(/new DatabaseSync\(temporary\)/g)).toEqual(['store/backup.ts'])
    expect(placesOf(/new DatabaseSync\(.*readOnly: true/g)).toEqual(['store/backup.ts', 'store/backup.ts'])
  })

  /** Who makes a thing that a process has one of. Those in `cli/` are for commands beside the service, each a process of its own. */
  test.each([
    ['openDatabase', ['store/sqlite.ts']],
    ['openStore', ['cli/queue.ts', 'cli/watchLook.ts', 'world/service.ts']],
    ['recordsOn', ['store/sqlite.ts']],
    ['new Probot', ['world/github.ts']],
    ['gitHubApp', ['world/service.ts']],
    ['githubWriter', ['world/service.ts']],
    ['gitHubFacts', ['world/service.ts']],
    ['startOutbox', ['world/service.ts']],
    ['startQueue', ['world/service.ts']],
    ['createMachine', ['world/service.ts']],
    ['createMetrics', ['world/observing.ts']],
    ['new Registry', ['web/metrics.ts']],
    ['createLog', ['world/observing.ts']],
  ])('R-QUE-08 %s is called in %j only, once each', (name, places) => {
    expect(placesOf(new RegExp(`(?<!function )\\b${name}\\(`, 'g'))).toEqual(places)
  })

  test('R-QUE-08 no part keeps a store or a client for itself: they are handed to it', () => {
    const kept = sources.filter(({ code }) =>
      /^(?:export )?(?:let|const) \w+(?:: \w+)? = (?:await )?(?:new (?:DatabaseSync|Probot|Octokit)|openStore|openDatabase|gitHubApp)\b/m.test(
        code,
      ),
    )
    expect(kept.map(({ path }) => path)).toEqual([])
  })
})

/** A line of the journal has the same name as the state. */
const OF_THE_JOURNAL = new Set(['model/journal.ts', 'model/readJournal.ts', 'model/phases.ts'])
/** SQL is a literal where an index depends on it; that these agree with the table is a test of its own. */
const SQL_LITERALS = new Set([
  'store/runs.ts',
  'store/schema.ts',
  'store/schemaWeb.ts',
  'store/migrations.ts',
])

/** Where a text decides by itself what is over, or what is under way, instead of asking src/model/run.ts. */
function asksByItself(code: string): readonly string[] {
  const words = `'(?:${RUN_STATES.join('|')})'`
  const ends = RUN_STATES.filter(isOver).join('|')
  const compared = new RegExp(`(?:^.*(?:[!=]==?|<>| =)|\\bcase|includes\\() ?'(?:${ends})'`, 'gm')
  const listed = new RegExp(`${words}\\s*[,|]\\s*${words}`, 'gm')
  const hits = [...code.matchAll(compared), ...code.matchAll(listed)].map(([hit]) => hit.trim())
  return hits.filter((hit) => !/\bevent [!=]==|^'queued' \| EndState/.test(hit))
}

describe('the states of a run', () => {
  test('R-QUE-12 nobody but the model asks by itself what is over, or what is under way', () => {
    const others = sources.filter(
      ({ path }) => path !== 'model/run.ts' && !OF_THE_JOURNAL.has(path) && !SQL_LITERALS.has(path),
    )
    expect(others.length).toBeGreaterThan(200)
    expect(others.flatMap(({ path, code }) => asksByItself(code).map((line) => `${path}: ${line}`))).toEqual(
      [],
    )
  })

  test.each([
    "if (row.state === 'concluded') return",
    "over: state !== 'concluded'",
    "  case 'concluded':",
    "['concluded'].includes('concluded')",
    "WHERE id = :id AND state = 'concluded'`",
    "state <> 'concluded'",
    "const LIVE = ['starting', 'running', 'tearing_down']",
    "type Live = 'starting' | 'running'",
    "state IN ('queued', 'concluded')",
  ])('%s is found where it is', (line) => {
    expect(asksByItself(line)).not.toEqual([])
  })

  test.each([
    "state: 'concluded',",
    "journal.find(({ event }) => event === 'concluded')",
    "return 'concluded'",
    "if (row.state === 'queued') return",
  ])('%s asks nothing', (line) => {
    expect(asksByItself(line)).toEqual([])
  })

  test('R-QUE-12 R-QUE-03 what the literals of SQL list is what the model says', () => {
    const sets = new Set(
      [
        RUN_STATES,
        RUN_STATES.filter(isLive),
        RUN_STATES.filter(isOver),
        RUN_STATES.filter((state) => state === 'queued'),
        RUN_STATES.filter((state) => !isOver(state)),
      ].map((states) => states.toSorted().join()),
    )
    const lists = sources
      .filter(({ path }) => SQL_LITERALS.has(path))
      .flatMap(({ code }) => Array.from(code.matchAll(/\bstate (?:IN \(([^)]*)\)|(?:=|<>) ('\w+'))/g)))
      .map(([, many, one = '']) => (many ?? one).match(/\w+/g)?.toSorted().join() ?? '')
      .filter((list) => RUN_STATES.some((state) => list.split(',').includes(state)))
    expect(lists.length).toBeGreaterThanOrEqual(6)
    expect(lists.filter((list) => !sets.has(list))).toEqual([])
  })

  test('R-QUE-12 a run is queued, live or over, and never two of these', () => {
    for (const state of RUN_STATES)
      expect([state === 'queued', isLive(state), isOver(state)].filter(Boolean)).toEqual([true])
  })
})
