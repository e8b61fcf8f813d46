import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { loadInForce } from '../../config.ts'
import { InputError } from '../../errors.ts'
import { type Kind, newRecipe } from '../../recipes/new.ts'
import { manifestPage } from './manifest.ts'
import type { Starter } from './starters.ts'

/** All that has been asked. Folders are absolute. */
export interface Answers {
  readonly folder: string
  readonly baseDomain: string
  readonly stateDir: string
  /** `owner/name`, or all of an owner. */
  readonly repositories: readonly string[]
  readonly drivers: readonly Kind[]
  /** Empty = the service's own user runs the stages. */
  readonly runAs: readonly string[]
  readonly starter: Starter
  /** Where people and GitHub reach the service. */
  readonly url: string
  /** Whose GitHub App it will be; null = the person's own. */
  readonly organization: string | null
}

/** A file as it is to be. Secrets come into `mine` files later: they are 0600, and what is in one already stays. */
export interface PlannedFile {
  readonly path: string
  readonly text: string
  readonly mine: boolean
}

const ROOT = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '')
const UNITS = [
  'berth.service',
  'berth-janitor.service',
  'berth-janitor.timer',
  'berth-backup.service',
  'berth-backup.timer',
]

/** Where credentials go: units name a file of their own, a service that is started by hand reads `.env` in its working folder. */
export function credentialsFile({ folder, starter }: Pick<Answers, 'folder' | 'starter'>): string {
  return join(folder, starter === 'systemd' ? 'berth.env' : '.env')
}

/**
 * All files, `berth.yml` last: it stands for a folder that is complete. What they say has been read as a service reads it, in a folder of its own.
 * @throws InputError with every fault of the answers at once
 */
export function planOf(
  answers: Answers,
  env: Readonly<Record<string, string | undefined>>,
): readonly PlannedFile[] {
  const { folder, drivers, repositories } = answers
  const trial = mkdtempSync(join(tmpdir(), 'berth-init-'))
  try {
    const text = configText(answers)
    const file = join(trial, 'berth.yml')
    writeFileSync(file, text)
    const recipes = drivers.flatMap((kind) => newRecipe(join(trial, 'recipes'), kind, kind))
    const owners = new Set(repositories.map((name) => name.split('/')[0]))
    if (owners.size > 1)
      for (const path of recipes) writeFileSync(path, withOwner(readFileSync(path, 'utf8')))
    checked(
      () => loadInForce({ env: { HOME: env['HOME'], BERTH_CONFIG: file }, cwd: trial }, null),
      trial,
      folder,
    )
    const shared = (path: string, text: string) => ({ path, text, mine: false })
    return [
      ...recipes.map((path) => {
        const own = join(folder, relative(trial, path))
        return shared(own, recipeText(readFileSync(path, 'utf8'), own))
      }),
      ...startFiles(answers).map(([path, text]) => shared(join(folder, path), text)),
      { path: credentialsFile(answers), text: credentialsText(answers), mine: true },
      shared(join(folder, 'github-app.html'), manifestPage(answers)),
      shared(join(folder, 'berth.yml'), text),
    ]
  } finally {
    rmSync(trial, { recursive: true, force: true })
  }
}

/** Repositories of several owners may have one name, and no two share a domain. */
function withOwner(text: string): string {
  if (/^domain: /m.test(text)) return text.replace(/^(domain: .*)\{repo\}/m, '$1{owner}-{repo}')
  return text.replace(/^driver: .*\n/m, '$&domain: "{owner}-{repo}-{recipe}-pr{pr}.{base}"\n')
}

/** Faults name the file that is to be. */
function checked(read: () => unknown, trial: string, folder: string): void {
  try {
    read()
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    throw new InputError(
      'berth init: these answers cannot be used; nothing was written',
      error.faults.map((fault) => fault.replaceAll(trial, folder)),
    )
  }
}

const SCHEMA_LINE = /^# yaml-language-server: .*\n/

function recipeText(text: string, path: string): string {
  if (!SCHEMA_LINE.test(text)) return text
  const schema = relative(join(path, '..'), join(ROOT, 'docs/recipe.schema.json'))
  return text.replace(SCHEMA_LINE, `# yaml-language-server: $schema=${schema}\n`)
}

function configText({ stateDir, baseDomain, runAs, repositories, drivers, folder }: Answers): string {
  const enrolment = { recipes: drivers, default: drivers[0] }
  const parts: readonly (readonly [string, object])[] = [
    ['Locks, records and runs: on a local disk.', { stateDir }],
    ['A folder for each recipe (docs/recipes.md).', { recipesDir: './recipes' }],
    ['Runs deploy below it, and nowhere else: *.DOMAIN has to lead to this machine.', { baseDomain }],
    ...(runAs.length === 0
      ? [
          [
            'Stages run as the service’s own user, and forks are refused. With users of their own: runAs: [berth-1, berth-2]',
            { runAs },
          ] as const,
        ]
      : [
          ['One user for each run at a time (docs/containment.md).', { slots: runAs.length, runAs }] as const,
        ]),
    [
      'Whose pull requests may ask for what.',
      { repositories: Object.fromEntries(repositories.map((name) => [name, enrolment])) },
    ],
  ]
  const schema = relative(folder, join(ROOT, 'docs/berth.schema.json'))
  return [
    `# yaml-language-server: $schema=${schema}`,
    '# Written by `berth init`. Every key and its default: docs/berth.schema.json; a running service takes changes at SIGHUP.',
    ...parts.map(([why, keys]) =>
      `# ${why}\n${stringify(keys, { flowCollectionPadding: true, lineWidth: 0 })}`.trimEnd(),
    ),
    '',
  ].join('\n')
}

/** Of the files that operators are given (deploy/), with the paths of this machine. */
function startFiles(answers: Answers): readonly (readonly [string, string])[] {
  const here = (file: string) => withPaths(readFileSync(join(ROOT, 'deploy', file), 'utf8'), answers)
  if (answers.starter === 'systemd') return UNITS.map((unit) => [`systemd/${unit}`, here(`systemd/${unit}`)])
  return answers.starter === 'cron' ? [['cron/berth', here('cron/berth')]] : []
}

/** The state folder is a word of its own there: backups and their copies are elsewhere. */
const STATE = /\/var\/lib\/berth(?![\w-])/g

function withPaths(text: string, answers: Answers): string {
  const { folder, stateDir } = answers
  return text
    .replaceAll('/opt/berth/', `${ROOT}/`)
    .replaceAll('/etc/berth/berth.env', credentialsFile(answers))
    .replaceAll('/etc/berth/berth.yml', join(folder, 'berth.yml'))
    .replaceAll(/^StateDirectory(Mode)?=.*\n/gm, (line) => (stateDir === '/var/lib/berth' ? line : ''))
    .replaceAll(STATE, stateDir)
}

function credentialsText({ url }: Answers): string {
  return `# What berth serve needs to know of GitHub (docs/connect.md). berth init --app-code CODE fills it in. Nobody else may read this file.
APP_ID=
PRIVATE_KEY_PATH=
WEBHOOK_SECRET=
# So that people can sign in to the pages with GitHub.
GITHUB_CLIENT_ID=
GITHUB_CLIENT_SECRET=
# Where people reach the pages, and where berth listens behind the reverse proxy.
BERTH_URL=${url}
HOST=127.0.0.1
PORT=3000
`
}
