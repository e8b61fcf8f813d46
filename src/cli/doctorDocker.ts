import { execa } from 'execa'
import { noClient } from '../drivers/docker/cli.ts'
import { cliFault, versionIn } from '../drivers/docker/cliVersion.ts'
import { NO_COMPOSE } from '../drivers/docker/composeClient.ts'
import { engineVersion, openEngine, requireSwarm } from '../drivers/docker/engine.ts'
import { HarnessError, messageOf } from '../errors.ts'
import type { Config } from '../model/config.ts'
import type { DriverName } from '../model/recipe.ts'
import { engineUse } from '../world/engineUse.ts'
import type { Check } from './check.ts'

const ANSWER_MS = 5000

/** What recipes of stacks need. What is missing is a fault where one needs it, and a note elsewhere. */
export async function dockerChecks(config: Config): Promise<readonly Check[]> {
  const { needing } = engineUse(config)
  const namesOf = (...drivers: readonly DriverName[]) =>
    needing.filter(({ driver }) => drivers.includes(driver)).map(({ name }) => name)
  const [all, swarm, compose] = [namesOf('swarm', 'compose'), namesOf('swarm'), namesOf('compose')]
  return [...(await engine(config, all, swarm)), await client(all, swarm), await composeClient(compose)]
}

async function engine(
  { docker }: Config,
  all: readonly string[],
  swarm: readonly string[],
): Promise<readonly Check[]> {
  const what = 'docker engine'
  try {
    const engine = await openEngine(docker)
    const version = await engineVersion(engine, ANSWER_MS)
    const found: Check = { what, state: 'good', text: `${version} at ${engine.address}` }
    return [found, await manager(requireSwarm(engine), swarm)]
  } catch (error) {
    return [missing(what, sentenceOf(error), all)]
  }
}

async function manager(asked: ReturnType<typeof requireSwarm>, swarm: readonly string[]): Promise<Check> {
  const what = 'docker swarm'
  try {
    const { node } = await asked
    return { what, state: 'good', text: `the engine is a manager (node ${node})` }
  } catch (error) {
    return missing(what, sentenceOf(error), swarm)
  }
}

/** Ours says all that a person needs; its cause is the kernel's word for the same. */
function sentenceOf(error: unknown): string {
  return error instanceof HarnessError ? error.message : messageOf(error)
}

async function client(all: readonly string[], swarm: readonly string[]): Promise<Check> {
  const what = 'docker CLI'
  const printed = await printedBy('docker', '--version')
  if (printed === null) return missing(what, noClient('docker'), all)
  const fault = cliFault(printed)
  return fault === null ? { what, state: 'good', text: printed } : missing(what, fault, swarm)
}

/** Either will do; the plugin comes first, as it does for runs. */
async function composeClient(compose: readonly string[]): Promise<Check> {
  const what = 'compose'
  const plugin = await printedBy('docker', 'compose', 'version')
  const found = plugin ?? (await printedBy('docker-compose', '--version'))
  if (found === null || versionIn(found) === null) return missing(what, NO_COMPOSE, compose)
  const which = plugin === null ? 'docker-compose' : 'docker compose'
  return { what, state: 'good', text: `${which} ${versionIn(found)}` }
}

/** The first line; null = there is no such command, or it knows no such word. */
async function printedBy(file: string, ...words: readonly string[]): Promise<string | null> {
  const end = await execa(file, words, { reject: false, timeout: ANSWER_MS, stdin: 'ignore' })
  return end.failed ? null : (end.stdout.split('\n', 1)[0]?.trim() ?? null)
}

function missing(what: string, text: string, needing: readonly string[]): Check {
  if (needing.length === 0) return { what, state: 'note', text: `${text} (no recipe here needs it)` }
  const who = needing.length === 1 ? `recipe ${needing[0]} needs` : `recipes ${needing.join(', ')} need`
  return { what, state: 'bad', text: `${text} (${who} it)` }
}
