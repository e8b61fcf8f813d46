import { z } from 'zod'
import { durationField, wordField } from '../config/fields.ts'
import { VERSIONS } from '../model/recipe.ts'

/** Linux refuses a single argument of 128 KiB (MAX_ARG_STRLEN in execve(2)); `sh -c` gets the command line as one. */
const MOST_COMMAND_BYTES = 128 * 1024 - 1
const MOST_TRIES = 100

/** Names of recipes and stages: they become parts of domains, files and check runs. */
export const WORD = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/
export const WORD_TEXT = 'at most 40 lower-case letters, digits and inner hyphens'
export const word = wordField(WORD, WORD_TEXT)

/** As Docker takes them: a service's name is the middle part of its tasks' names. */
const service = wordField(/^[a-zA-Z0-9][a-zA-Z0-9_-]{0,62}$/, 'the name of a service in the compose files')

export const command = z
  .string()
  .min(1, 'must be a command line; write true for "do nothing"')
  .refine((text) => !text.includes('\0'), 'may hold no NUL character')
  .refine(
    (text) => Buffer.byteLength(text) <= MOST_COMMAND_BYTES,
    'is too long for one command line; put it in a script beside recipe.yml',
  )
  .describe('A `sh -eu` command line. Working folder: the checkout of the pull request.')

/** 1 to 65535. */
const PORT = '(?:[1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])'

const deploy = z
  .strictObject({
    version: z.enum(VERSIONS).default('pr').describe('The last release before it, or its code.'),
    optional: z
      .boolean()
      .default(false)
      .describe('Of `released`: where nothing is released yet, the stage is green and deploys nothing.'),
  })
  .describe('Deploys the stack, and waits until all of it runs as it should.')

const pageOfService = wordField(
  new RegExp(`^http://[a-z0-9][a-z0-9_-]{0,62}(:${PORT})?(/\\S*)?$`),
  'a URL such as http://app:8080/healthz, whose host is a service',
)

const ready = z
  .strictObject({
    http: pageOfService
      .optional()
      .describe('`http://SERVICE:PORT/PATH`: asked of each task of the service, at its own address.'),
    status: z
      .int()
      .min(100)
      .max(599)
      .optional()
      .describe('What an HTTP probe has to be answered with; 200 unless said otherwise.'),
    tcp: wordField(
      new RegExp(`^[a-zA-Z0-9][a-zA-Z0-9_-]{0,62}:${PORT}$`),
      'a service and its port, such as db:5432',
    )
      .optional()
      .describe('`SERVICE:PORT`: each task of the service has to take a connection.'),
    tries: z.int().min(1).max(MOST_TRIES).default(3).describe('It has to answer so many times in a row.'),
    every: durationField().prefault('1s').describe('The time between two of them.'),
  })
  .describe('Waits until every task of a service answers, from the host of the engine.')

const exec = z
  .strictObject({
    service: service.describe('Of the compose files.'),
    run: command.describe('A `sh -eu` command line in a container of the service.'),
  })
  .describe('Runs a command in a container of the stack.')

const backup = z
  .strictObject({})
  .describe(
    'Backs the stack up as the labels of its services say (backupbot); red where that leaves nothing.',
  )

const restore = z
  .strictObject({})
  .describe('Loses the data of the stack, deploys it once more, and brings the last backup back.')

const screenshot = z
  .strictObject({
    http: pageOfService.describe('`http://SERVICE:PORT/PATH`: shown as one task of the service answers it.'),
    required: z
      .boolean()
      .default(false)
      .describe(
        'Red where this machine has no browser that may be used; otherwise the stage is then skipped.',
      ),
  })
  .describe('Takes a picture of a page of the stack, with the Chromium of this machine.')

export const stageSchema = z
  .strictObject({
    name: word
      .refine((name) => name !== 'teardown', 'teardown is the name of what comes after all stages')
      .describe('Shown on the check run; unique in the recipe.'),
    run: command.optional(),
    deploy: deploy.optional(),
    ready: ready.optional(),
    exec: exec.optional(),
    backup: backup.optional(),
    restore: restore.optional(),
    screenshot: screenshot.optional(),
    timeout: durationField().optional().describe("At most the run's deadline, which is the default."),
    uninterruptible: z
      .boolean()
      .default(false)
      .describe('Cancel and deadline wait until this stage has ended; its own timeout holds.'),
  })
  .describe(
    'One step of a run: `run`, or, with the drivers compose and swarm, `deploy`, `ready`, `exec`, `backup`, `restore` or `screenshot`. It is red when that fails.',
  )

/** What a stage may do; each does one of them. */
export const WORKS = ['run', 'deploy', 'ready', 'exec', 'backup', 'restore', 'screenshot'] as const

export type StageFile = z.output<typeof stageSchema>
