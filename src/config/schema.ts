import { z } from 'zod'
import { DEFAULT_BUDGETS } from '../model/budgets.ts'
import { PERMISSIONS, READING, SUPERSEDE } from '../model/config.ts'
import { formatDuration } from '../model/duration.ts'
import { MECHANISM_NAMES } from '../model/mechanisms.ts'
import { domainFault } from '../model/names.ts'
import { durationField, limitsField, periodField, sizeField, wordField } from './fields.ts'

const MOST_SLOTS = 256
const MOST_PRIORITY = 100

/** GitHub's own limits: owners of 39 letters, digits and hyphens; repositories of 100 letters, digits, `.`, `_` and `-`. */
const PATTERN = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})\/(?:\*|[A-Za-z0-9._-]{1,100})$/

/** Both ends are anchored, and nothing stands beside them. */
const WHOLE = /^\^[^|]*[^|\\]\$$/

const path = z.string().min(1, 'must be a path; a relative one counts from the folder of this file')
const permission = z.enum(PERMISSIONS)
const atLeastOne = z.int().min(1)

const enrolment = z.strictObject({
  recipes: z.array(z.string().min(1)).min(1).describe('Recipes that comments on this repository may start.'),
  default: z
    .string()
    .optional()
    .describe('What a bare `!testme` means; else the only recipe, or the writer must say which.'),
  supersede: z.enum(SUPERSEDE).optional().describe('As the setting of the same name, for this one.'),
  priority: z
    .int()
    .min(-MOST_PRIORITY)
    .max(MOST_PRIORITY)
    .optional()
    .describe(
      'Runs of a higher one go first where equals wait for a name or a slot; nobody is passed for over an hour. Default: 0.',
    ),
})

const trust = z.strictObject({
  run: permission.default('write'),
  cancel: permission.default('write'),
  hold: permission.default('admin'),
  forks: z
    .enum(['approve', 'never'])
    .default('approve')
    .describe('approve = each commit of a fork needs `!testme ok SHA` by somebody who may run.'),
})

const limits = z.strictObject({
  perActorPerHour: atLeastOne.default(20).describe('Commands of one person, in all repositories.'),
  perPullRequestPerHour: atLeastOne.default(10).describe('Runs of one pull request.'),
  perRepositoryPerHour: atLeastOne.default(60).describe('Runs of one repository.'),
  repeatsPerTenMinutes: atLeastOne
    .default(5)
    .describe('How often one person may ask for the same at the same commit.'),
  crashesInARow: atLeastOne
    .default(3)
    .describe('So many faults of the harness in a row suppress a recipe at a commit.'),
  crashPause: durationField().prefault('1h').describe('For so long after the last of them.'),
})

const budgets = z.strictObject({
  deadline: budget(DEFAULT_BUDGETS.deadlineMs).describe('Of a run without its teardown, at most.'),
  teardown: budget(DEFAULT_BUDGETS.teardownMs).describe("Of a run's teardown, at most."),
  killGrace: budget(DEFAULT_BUDGETS.killGraceMs).describe('Between asking a process to end and ending it.'),
})

const retention = z.strictObject({
  days: atLeastOne.default(30),
  size: sizeField().prefault('10GB').describe('Of all run folders together.'),
  images: sizeField()
    .prefault('20GB')
    .describe('Of all images together that runs have pulled; what a container or service has stays.'),
})

const notify = z.strictObject({
  webhook: z
    .url({ protocol: /^https?$/, error: 'must be an http or https address' })
    .optional()
    .describe('Gets the alarms: forced take-overs, blocked names, suspected leaks, reports that failed.'),
})

const docker = z.strictObject({
  host: wordField(/^(?:unix:\/\/\/|tcp:\/\/)\S+$/, 'unix:///path or tcp://host:port')
    .optional()
    .describe('Where the engine listens. Default: unix:///var/run/docker.sock.'),
  certPath: path.optional().describe('Folder with ca.pem, cert.pem and key.pem, for an engine behind TLS.'),
  configDir: path
    .optional()
    .describe("The CLI's settings, with credentials of registries. No stage has them. Default: none."),
})

const web = z.strictObject({
  reading: z
    .enum(READING)
    .default('public')
    .describe(
      'Who may look at the pages, the API and the badges: everybody, or only who has a token or has signed in and may run something in one of the repositories.',
    ),
})

/** `berth.yml`, as a person writes it (input) and as it is read (output): times in milliseconds, sizes in bytes. */
export const configSchema = z
  .strictObject({
    stateDir: path.optional().describe('Default: /var/lib/berth as root, else $XDG_STATE_HOME/berth.'),
    recipesDir: path.optional().describe('Default: recipes beside this file, else what berth ships.'),
    secretsDir: path
      .optional()
      .describe(
        'Secrets of recipes, a file each, open to nobody else (0600 in 0700). Default: secrets beside this file, if it is there.',
      ),
    baseDomain: z
      .string()
      .refine((text) => domainFault(text) === null, {
        error: (issue) => domainFault(String(issue.input)) ?? '',
      })
      .default('ci.localhost')
      .describe('Runs deploy at names under it.'),
    runDomains: z
      .string()
      .refine(
        (text) => regularExpression(text) !== null,
        'must be a regular expression, and does not compile',
      )
      .optional()
      .describe(
        'The only names ever deployed to, probed or swept: the whole name must match. Default: one label under baseDomain.',
      ),
    instance: wordField(
      /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
      'at most 63 lower-case letters, digits and hyphens',
    )
      .optional()
      .describe('Goes on every Docker object. Default: a hash of machine id and state folder.'),
    slots: atLeastOne.max(MOST_SLOTS).default(4).describe('Runs of the service at a time.'),
    runAs: z
      .array(z.union([z.string().min(1), z.int().min(0)], 'must be the name of a user, or a uid'))
      .default([])
      .describe("Users or uids, one per slot, never shared by two live runs; none = the service's own user."),
    repositories: z
      .record(wordField(PATTERN, 'owner/name or owner/*'), enrolment)
      .default({})
      .describe('Whose comments are listened to. Only `berth serve` needs it.'),
    trust: trust.prefault({}).describe('The least permission on the repository for each act.'),
    limits: limits.prefault({}).describe('What is refused beyond it, with the time when it is free again.'),
    supersede: z
      .enum(SUPERSEDE)
      .default('queued')
      .describe(
        'Which runs a new push to their pull request ends: those still queued, all of them, or none.',
      ),
    budgets: budgets.prefault({}),
    stageLimits: limitsField()
      .prefault({})
      .describe(
        'What a run may use at most, where the machine can hold it to that (`berth doctor` says so). Default: no limit.',
      ),
    retention: retention.prefault({}),
    reconcile: periodField()
      .prefault('5m')
      .describe('How often GitHub is asked for what its webhooks did not tell; 0 = never.'),
    docker: docker.prefault({}).describe('The engine that the drivers compose and swarm deploy on.'),
    notify: notify.prefault({}),
    web: web.prefault({}),
    // Not `off`: YAML 1.1, which other programs read and write, takes that word for false.
    switchedOff: z
      .array(z.enum(MECHANISM_NAMES))
      .default([])
      .describe('What of the service does nothing until it is taken off this list (docs/operations.md).'),
  })
  .meta({ title: 'berth configuration' })

export type ConfigFile = z.output<typeof configSchema>

/** The expression, held against the whole name however it is written; null = it does not compile. */
export function regularExpression(source: string): RegExp | null {
  try {
    const compiled = new RegExp(source)
    return WHOLE.test(source) ? compiled : new RegExp(`^(?:${source})$`)
  } catch {
    return null
  }
}

function budget(defaultMs: number) {
  return durationField().prefault(formatDuration(defaultMs))
}
