import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { stateDirOf } from '../config/surroundings.ts'
import { EXIT, InputError } from '../errors.ts'
import type { Kind } from '../recipes/new.ts'
import { readApiUrl } from '../world/credentials.ts'
import { registrationLink } from './init/manifest.ts'
import { type Answers, credentialsFile, planOf } from './init/plan.ts'
import type { Given } from './init/questions.ts'
import type { Starter } from './init/starters.ts'
import { type Written, writeFiles } from './init/write.ts'

/** As a person gives them; what is left out is asked for, or has its default. */
export interface InitFlags {
  readonly folder?: string
  readonly baseDomain?: string
  readonly stateDir?: string
  readonly url?: string
  readonly repository?: readonly string[]
  readonly driver?: readonly Kind[]
  readonly runAs?: readonly string[]
  readonly start?: Starter
  readonly organization?: string
  readonly appCode?: string
  readonly force: boolean
  readonly yes: boolean
}

/** `berth init`: asks, checks all answers, then writes; a second time it changes nothing that it does not name. */
export async function init(flags: InitFlags): Promise<number> {
  const { stdin, stdout } = process
  const given = givenOf(flags)
  if (flags.appCode !== undefined) return takeCode(given.folder, flags.appCode)
  const isAsked = stdin.isTTY && stdout.isTTY && !flags.yes
  const answers = isAsked ? await (await import('./init/questions.ts')).askFor(given) : withDefaults(given)
  if (answers === null) return EXIT.interrupted
  const written = writeFiles(planOf(answers, process.env), flags.force)
  stdout.write(`${[...written.map(lineOf), '', 'Next:', ...nextSteps(answers)].join('\n')}\n`)
  return EXIT.ok
}

function givenOf({ folder, stateDir, ...flags }: InitFlags): Given {
  const cwd = process.cwd()
  const isRoot = process.geteuid?.() === 0
  const around = { env: process.env, cwd, etc: '/etc', uid: process.geteuid?.() ?? -1 }
  return {
    folder: resolve(cwd, folder ?? (isRoot ? '/etc/berth' : '.')),
    stateDir: stateDir === undefined ? stateDirOf(undefined, null, around) : resolve(cwd, stateDir),
    organization: flags.organization ?? null,
    ...(flags.baseDomain === undefined ? {} : { baseDomain: flags.baseDomain }),
    ...(flags.url === undefined ? {} : { url: flags.url }),
    ...(flags.repository === undefined ? {} : { repositories: flags.repository }),
    ...(flags.driver === undefined ? {} : { drivers: flags.driver }),
    ...(flags.runAs === undefined ? {} : { runAs: flags.runAs }),
    ...(flags.start === undefined ? {} : { starter: flags.start }),
  }
}

function withDefaults(given: Given): Answers {
  if (given.baseDomain === undefined)
    throw new InputError('berth init', [
      '--base-domain is wanted: under which domain runs deploy, such as ci.example.org',
    ])
  const starter: Starter = existsSync('/run/systemd/system') ? 'systemd' : 'cron'
  return {
    url: `https://berth.${given.baseDomain}`,
    repositories: [],
    drivers: ['process'],
    runAs: [],
    starter,
    ...given,
    baseDomain: given.baseDomain,
  }
}

/** Where the service reads its environment: the file that is there. */
async function takeCode(folder: string, code: string): Promise<number> {
  const files = [
    credentialsFile({ folder, starter: 'systemd' }),
    credentialsFile({ folder, starter: 'none' }),
  ]
  const file = files.find((one) => existsSync(one))
  if (file === undefined)
    throw new InputError('berth init --app-code', [
      `neither ${files.join(' nor ')} is there; run berth init first, or name its --folder`,
    ])
  const faults: string[] = []
  const api = readApiUrl((name) => process.env[name] ?? null, faults)
  if (faults.length > 0) throw new InputError('berth init --app-code', faults)
  const { takeAppCode } = await import('./init/appCode.ts')
  const page = await takeAppCode(api ?? 'https://api.github.com', code, file)
  process.stdout.write(
    `${file} has the App’s credentials.\nNext: install it on your repositories: ${page}/installations/new\n`,
  )
  return EXIT.ok
}

const WORDS = { new: 'Wrote', kept: 'Kept', replaced: 'Replaced' } as const

function lineOf({ path, how }: Written): string {
  const note = how === 'replaced' ? `; what it said is in ${path}.before` : ''
  return `${WORDS[how]} ${path}${note}`
}

function nextSteps(answers: Answers): readonly string[] {
  const { folder, starter, url, stateDir } = answers
  const steps = [
    `register the GitHub App: open ${join(folder, 'github-app.html')} in a browser, press its button, then: berth init --folder ${folder} --app-code CODE`,
    `or by hand, with the App’s number and keys put into ${credentialsFile(answers)}:\n     ${registrationLink(answers)}`,
    ...STARTING[starter](folder),
    `have ${url} lead to 127.0.0.1:3000 (deploy/nginx, deploy/caddy)`,
    `BERTH_CONFIG=${join(folder, 'berth.yml')} BERTH_STATE_DIR=${stateDir} berth doctor`,
  ]
  return steps.map((step, index) => `  ${index + 1}. ${step}`)
}

const STARTING: Readonly<Record<Starter, (folder: string) => readonly string[]>> = {
  systemd: (folder) => [
    `cp ${join(folder, 'systemd')}/berth* /etc/systemd/system/ && systemctl daemon-reload && systemctl enable --now berth.service berth-janitor.timer berth-backup.timer`,
  ],
  cron: (folder) => [`cp ${join(folder, 'cron/berth')} /etc/cron.d/berth`, `cd ${folder} && berth serve`],
  none: (folder) => [`cd ${folder} && berth serve, and berth janitor every few minutes`],
}
