import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { loadConfig } from '../config.ts'
import { EXIT } from '../errors.ts'
import { openRuns } from '../lock/openRuns.ts'
import { namesWithTickets } from '../lock/tickets.ts'
import type { Config } from '../model/config.ts'
import { plainText } from '../model/plainText.ts'
import type { Store } from '../model/ports.ts'
import { loadRecipes } from '../recipes/load.ts'
import { lookAtRuns, phaseOf } from '../store/runLook.ts'
import { namesWithLockFile, type StatePaths, statePaths } from '../store/stateFolder.ts'
import { type Place, placeOf, type Word } from './completion.ts'
import { withStore } from './queue.ts'
import type { Screen } from './screen.ts'

const MOST_OFFERED = 50

interface Here {
  readonly config: Config
  /** Not made where it is not there: whoever presses TAB changes nothing. */
  readonly state: StatePaths
}

type Offer = (here: Here, before: readonly string[]) => readonly Word[] | Promise<readonly Word[]>

/** What is there only on this machine, by the names of arguments and options' values. */
const OFFERS: Readonly<Record<string, Offer>> = {
  run: runs,
  name: names,
  domain: names,
  recipe: ({ config }) =>
    recipesOf(config).map(({ name, description }) => ({ word: name, text: description })),
  arguments: recipeArguments,
  report: ({ state }) =>
    fromStore(state, async (store) =>
      (await store.unsentReports(MOST_OFFERED)).map(({ key, error }) => ({ word: key, text: error ?? '' })),
    ),
  token: ({ state }) =>
    fromStore(state, async (store) =>
      (await store.tokens(Date.now())).map(({ name, scope }) => ({ word: name, text: scope })),
    ),
}

/** What the shell offers by itself, in its own words for files. */
const FILES: Readonly<Record<string, string>> = { file: ':files', folder: ':folders', command: ':files' }

/**
 * `berth complete`: for the shells' completion. A line for each word that fits, with a text behind a tab; the last line says what the shell adds by itself. Never fails: what
 * cannot be read is not offered.
 */
export async function complete(program: Command, line: readonly string[], screen: Screen): Promise<number> {
  const place = placeOf(program, line)
  const found = [...place.words, ...(await offered(place))].filter(({ word }) => word.startsWith(place.begun))
  const lines = found.map(
    ({ word, text }) => `${place.prefix}${word}\t${plainText(text).replaceAll(/\s+/g, ' ')}`,
  )
  screen.write([...lines, FILES[place.kind ?? ''] ?? ':none', ''].join('\n'))
  return EXIT.ok
}

async function offered({ kind, before }: Place): Promise<readonly Word[]> {
  const offer = OFFERS[kind ?? '']
  if (offer === undefined) return []
  try {
    const config = loadConfig({ env: process.env, cwd: process.cwd() })
    const words = await offer({ config, state: statePaths(config.stateDir) }, before)
    return words.filter(({ word }) => word === plainText(word))
  } catch {
    return []
  }
}

function runs({ state }: Here): readonly Word[] {
  return lookAtRuns(state, MOST_OFFERED).map((look) => ({
    word: look.run.id,
    text: [look.request?.recipe, look.request?.domain, look.result?.conclusion ?? phaseOf(look, false)].join(
      ' ',
    ),
  }))
}

function names({ state }: Here): readonly Word[] {
  const open = openRuns(state).flatMap(({ locks }) => locks)
  const all = new Set([...namesWithLockFile(state), ...namesWithTickets(state), ...open])
  return [...all].sort().map((word) => ({ word, text: '' }))
}

/** `key=value`, as its recipe declares them. */
function recipeArguments({ config }: Here, [recipe]: readonly string[]): readonly Word[] {
  const given = recipesOf(config).find(({ name }) => name === recipe)?.arguments ?? {}
  return Object.entries(given).flatMap(([key, { values }]) =>
    values.map((value) => ({ word: `${key}=${value}`, text: '' })),
  )
}

function recipesOf({ recipesDir, budgets, runAs }: Config) {
  return loadRecipes(recipesDir, budgets, runAs.length > 0).recipes
}

async function fromStore(
  state: StatePaths,
  read: (store: Store) => Promise<readonly Word[]>,
): Promise<readonly Word[]> {
  return existsSync(state.database) ? ((await withStore(state, read)) ?? []) : []
}
