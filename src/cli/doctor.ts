import { accessSync, constants, statfsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { EXIT, InputError, messageOf } from '../errors.ts'
import { isolatesCode } from '../model/isolation.ts'
import { MECHANISMS } from '../model/mechanisms.ts'
import { cgroupBase } from '../process/cgroup.ts'
import { createContainment, type RunContainment } from '../process/containment.ts'
import { keptBelow } from '../process/limits.ts'
import { loadRecipes } from '../recipes/load.ts'
import { folderFault, secretFaults } from '../secrets/operatorFolder.ts'
import { refusedFilesystem } from '../store/stateFolder.ts'
import { readCredentials } from '../world/credentials.ts'
import type { Check } from './check.ts'
import type { Context } from './context.ts'
import { dockerChecks } from './doctorDocker.ts'
import { janitorChecks } from './doctorJanitor.ts'
import { reachChecks } from './doctorReach.ts'
import { unitChecks } from './doctorService.ts'
import { upkeepChecks } from './doctorUpkeep.ts'
import { readEnvFile } from './envFile.ts'
import { jsonText } from './json.ts'
import { paintOf } from './screen.ts'
import { environmentOf, type Unit, unitNamed } from './systemd.ts'
import { table } from './table.ts'

const PROGRAMS: readonly (readonly [string, string])[] = [
  ['git', 'checks out what is tested: apt-get install git'],
  ['setpriv', 'guards stages and run processes: apt-get install util-linux'],
  ['sh', 'runs stages'],
]
const LEAST_FREE_BYTES = 1024 ** 3

/** `berth doctor`: 0 when runs can be trusted here, 1 when something has to be mended first. */
export async function doctor(context: Context, json: boolean): Promise<number> {
  readEnvFile(context.cwd)
  const unit = await unitNamed('berth.service')
  const env = { ...(unit === null ? {} : environmentOf(unit).env), ...process.env }
  const checks = [
    node(),
    ...PROGRAMS.map(program),
    ...state(context),
    await containment(),
    ...limits(context),
    user(context),
    ...secrets(context),
    ...switches(context),
    ...(await dockerChecks(context.config)),
    ...github(context.config.repositories.length, env),
    ...(await serviceChecks(context, unit, env)),
  ]
  if (json) context.stdout.write(jsonText(checks))
  else
    context.stdout.write(
      table(
        [{ head: 'state', paint: paintOf }, { head: 'what', whole: true }, 'finding'],
        checks.map(({ state, what, text }) => [state, what, text]),
        context.stdout,
      ),
    )
  return checks.some((check) => check.state === 'bad') ? EXIT.red : EXIT.ok
}

function node(): Check {
  const major = Number(process.versions.node.split('.')[0])
  const state = major >= 24 ? 'good' : 'bad'
  return { what: 'node', state, text: `${process.version} at ${process.execPath}` }
}

function program([name, why]: readonly [string, string]): Check {
  const found = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isExecutable)
  return found === undefined
    ? { what: name, state: 'bad', text: `not found; ${why}` }
    : { what: name, state: 'good', text: found }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function state({ state: paths }: Context): readonly Check[] {
  const refused = refusedFilesystem(paths.root)
  const { bavail, bsize } = statfsSync(paths.root)
  const free = bavail * bsize
  const disk = `${(free / 1024 ** 3).toFixed(1)} GiB free at ${paths.root}`
  return [
    {
      what: 'locks',
      state: refused === null ? 'good' : 'bad',
      text:
        refused === null
          ? `${paths.root} is on a local filesystem`
          : `${paths.root} is on ${refused}; use a local disk`,
    },
    { what: 'disk', state: free < LEAST_FREE_BYTES ? 'bad' : 'good', text: disk },
  ]
}

const LEVEL_TEXTS: Readonly<Record<RunContainment['level'], string>> = {
  cgroup:
    'cgroup v2: nothing of a run survives cgroup.kill; only what may write to its cgroups as berth does can leave them (runAs keeps stages from it)',
  'pid-namespace':
    'PID namespace: nothing leaves it, and all of it ends with its first process (no cgroup v2 that this user can write to)',
  sweep:
    'marker sweep: a daemon with a scrubbed environment is found only while its run process lives; better is a cgroup (as root, or systemd with Delegate=yes) or a PID namespace (CAP_SYS_ADMIN, or user namespaces that may mount /proc)',
}

/** What a run would get here, now. */
async function containment(): Promise<Check> {
  const { level } = await createContainment('doctor', { reaper: null, uid: null })
  return { what: 'containment', state: level === 'sweep' ? 'note' : 'good', text: LEVEL_TEXTS[level] }
}

const LIMIT_TEXTS = { memoryBytes: 'memory', processes: 'processes', cpus: 'cpus' } as const

/** One line for each limit of the configuration: an operator's ceiling that nothing keeps is worse than none. */
function limits({ config: { stageLimits, runAs } }: Context): readonly Check[] {
  const base = cgroupBase()
  const kept = base === null ? [] : keptBelow(base, stageLimits)
  return (['memoryBytes', 'processes', 'cpus'] as const).flatMap((name): readonly Check[] => {
    const what = `limit of ${LIMIT_TEXTS[name]}`
    if (stageLimits[name] === null) return []
    if (kept.includes(name)) return [{ what, state: 'good', text: 'kept by cgroup v2' }]
    if (name === 'processes' && runAs.length > 0)
      return [{ what, state: 'good', text: "kept by RLIMIT_NPROC of the stages' own user" }]
    return [{ what, state: 'bad', text: NOT_KEPT }]
  })
}

const NOT_KEPT =
  'not kept here: it needs cgroup v2 with this controller (in hybrid mode v1 may have it) below a cgroup that has no other processes than berth, such as a systemd service with Delegate=yes'

function user({ config }: Context): Check {
  if (config.runAs.length > 0) {
    const able = process.geteuid?.() === 0
    const text = `stages run as uid ${config.runAs.map(({ uid }) => uid).join(', ')}`
    return {
      what: 'runAs',
      state: able ? 'good' : 'bad',
      text: able ? text : `${text}: only root can change to them`,
    }
  }
  const who =
    process.geteuid?.() === 0
      ? 'root: a stage can read and change everything on this machine'
      : 'this user: a stage can read its files, keys and state folder'
  return {
    what: 'runAs',
    state: 'note',
    text: `empty: stages run as ${who}; forks are refused (fork_needs_isolation)${butFor(config)}`,
  }
}

function butFor({ recipesDir, budgets }: Context['config']): string {
  const isolating = loadRecipes(recipesDir, budgets).recipes.filter(isolatesCode)
  if (isolating.length === 0) return ''
  return `, but for what does all in containers: ${isolating.map(({ name }) => name).join(', ')}`
}

/** Nothing where no recipe asks for any, and there is no folder of them. */
function secrets({ config }: Context): readonly Check[] {
  const { secretsDir, recipesDir, budgets, runAs } = config
  const { recipes } = loadRecipes(recipesDir, budgets, runAs.length > 0)
  const asking = recipes.filter((recipe) => Object.keys(recipe.secrets).length > 0)
  const folder = secretsDir === null ? null : folderFault(secretsDir)
  const faults = asking.flatMap((recipe) => secretFaults(recipe, secretsDir))
  const all = new Set([...(folder === null ? [] : [folder]), ...faults])
  if (all.size > 0) return [...all].map((text) => ({ what: 'secrets', state: 'bad', text }))
  if (secretsDir === null) return []
  const names = asking.map(({ name }) => name).join(', ') || 'no recipe'
  const text = `${secretsDir} has what is asked for (by ${names})`
  if (runAs.length > 0) return [{ what: 'secrets', state: 'good', text }]
  return [{ what: 'secrets', state: 'note', text: `${text}; ${OPEN_TO_STAGES}` }]
}

const OPEN_TO_STAGES = 'any stage can read all of it: stages run as the user that berth runs as (runAs)'

/** What a service would not do, or does not, if it has read the file as it is now. */
function switches({ config }: Context): readonly Check[] {
  return config.switchedOff.map((mechanism) => ({
    what: `${mechanism} is off`,
    state: 'note',
    text: `switchedOff in ${config.file}: ${MECHANISMS[mechanism]}`,
  }))
}

function github(enrolled: number, env: NodeJS.ProcessEnv): readonly Check[] {
  const repositories: Check = {
    what: 'repositories',
    state: enrolled === 0 ? 'note' : 'good',
    text: `${enrolled} enrolled in berth.yml`,
  }
  return [credentials(env), repositories]
}

const CREDENTIALS = ['APP_ID', 'WEBHOOK_SECRET', 'PRIVATE_KEY', 'PRIVATE_KEY_PATH'] as const

/** Read as `serve` reads them: what stops it is found here first. */
function credentials(env: NodeJS.ProcessEnv): Check {
  if (!isMeantToServe(env))
    return {
      what: 'github',
      state: 'note',
      text: 'APP_ID, WEBHOOK_SECRET, PRIVATE_KEY or PRIVATE_KEY_PATH not set: needed by `berth serve` only',
    }
  try {
    const { appId, apiUrl, publicUrl } = readCredentials(env)
    const where = apiUrl ?? 'github.com'
    return { what: 'github', state: 'good', text: `App ${appId} at ${where}; pages at ${publicUrl}` }
  } catch (error) {
    const faults = error instanceof InputError ? error.faults : [messageOf(error)]
    return { what: 'github', state: 'bad', text: faults.join('; ') }
  }
}

function isMeantToServe(env: NodeJS.ProcessEnv): boolean {
  return CREDENTIALS.some((name) => (env[name] ?? '') !== '')
}

/** Nothing where no service is meant to be: who only uses `berth run`, or the sandbox, is asked for nothing. */
async function serviceChecks(
  context: Context,
  unit: Unit | null,
  env: NodeJS.ProcessEnv,
): Promise<readonly Check[]> {
  if (unit === null && !isMeantToServe(env)) return []
  return [
    ...(await unitChecks(context, unit)),
    ...(await janitorChecks(context)),
    ...(await upkeepChecks(context)),
    ...(await reach(env)),
  ]
}

/** Credentials that cannot be used are told above. */
async function reach(env: NodeJS.ProcessEnv): Promise<readonly Check[]> {
  try {
    return await reachChecks(readCredentials(env), env)
  } catch (error) {
    if (error instanceof InputError) return []
    throw error
  }
}
