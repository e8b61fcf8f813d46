import { cancel, multiselect, select, text } from '@clack/prompts'
import { configSchema } from '../../config/schema.ts'
import { KINDS, type Kind } from '../../recipes/new.ts'
import type { Answers } from './plan.ts'
import { STARTERS, type Starter } from './starters.ts'

/** What somebody gave by options is not asked again. */
export type Given = Partial<Answers> & Pick<Answers, 'folder' | 'stateDir' | 'organization'>

const DRIVER_HINTS: Readonly<Record<Kind, string>> = {
  process: 'commands of your own, on this machine',
  compose: 'docker compose projects',
  swarm: 'stacks on a Docker swarm',
  'coop-cloud': 'recipes of Co-op Cloud',
}
const STARTER_HINTS: Readonly<Record<Starter, string>> = {
  systemd: 'units for the service, sweeps and copies of the records',
  cron: 'sweeps and copies by cron; you start the service',
  none: 'you start everything',
}

/** Asks for what was not given. Null = the person has left. */
export async function askFor(given: Given): Promise<Answers | null> {
  try {
    const baseDomain =
      given.baseDomain ??
      (await line('Under which domain do runs deploy?', 'ci.example.org', '', fieldFault('baseDomain')))
    return {
      ...given,
      baseDomain,
      stateDir: await line(
        'Where are locks, records and runs kept? (a local disk)',
        given.stateDir,
        given.stateDir,
      ),
      url:
        given.url ??
        (await line('Where do GitHub and people reach berth?', '', `https://berth.${baseDomain}`, urlFault)),
      repositories:
        given.repositories ??
        words(await line('Whose pull requests may ask? (owner/name …, owner/*)', 'acme/site', '')),
      drivers: given.drivers ?? (await askDrivers()),
      runAs:
        given.runAs ??
        words(
          await line(
            'Users of stages, one for each run at a time (empty: the service’s own)',
            'berth-1 berth-2',
            '',
          ),
        ),
      starter: given.starter ?? (await askStarter()),
    }
  } catch (error) {
    if (error !== LEFT) throw error
    cancel('Nothing was written.')
    return null
  }
}

async function askDrivers(): Promise<readonly Kind[]> {
  const message = 'What do runs deploy with? (a recipe is written for each)'
  const options = KINDS.map((value) => ({ value, hint: DRIVER_HINTS[value] }))
  return answer(multiselect({ message, options, initialValues: [KINDS[0]], required: true }))
}

async function askStarter(): Promise<Starter> {
  const options = STARTERS.map((value) => ({ value, hint: STARTER_HINTS[value] }))
  return answer(select({ message: 'What starts berth?', options }))
}

const LEFT = new Error('the person has left')

async function answer<T>(asked: Promise<T>): Promise<Exclude<T, symbol>> {
  const given = await asked
  if (isGiven(given)) return given
  throw LEFT
}

function isGiven<T>(given: T): given is Exclude<T, symbol> {
  return typeof given !== 'symbol'
}

async function line(
  message: string,
  placeholder: string,
  defaultValue: string,
  fault: (text: string) => string | undefined = () => undefined,
): Promise<string> {
  const validate = (typed: string | undefined) =>
    fault(typed === undefined || typed === '' ? defaultValue : typed)
  const shown = placeholder === '' ? defaultValue : placeholder
  return answer(text({ message, placeholder: shown, defaultValue, validate }))
}

/** A field of berth.yml, in the words of its own schema. */
function fieldFault(field: 'baseDomain') {
  return (typed: string) => configSchema.shape[field].safeParse(typed).error?.issues[0]?.message
}

/** An address without a path: GitHub's webhooks and the pages are below it. */
export function urlFault(typed: string): string | undefined {
  const url = URL.parse(typed)
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && url.origin === typed
  return isPlain
    ? undefined
    : `an address like https://berth.example.org is wanted, without a slash at its end, and this is ${typed}`
}

export function words(typed: string): readonly string[] {
  return typed.split(/[\s,]+/).filter((word) => word !== '')
}
