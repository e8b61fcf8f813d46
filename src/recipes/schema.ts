import { z } from 'zod'
import { durationField, limitsField, wordField } from '../config/fields.ts'
import { DEFAULT_DOMAIN, templateFault } from '../model/domain.ts'
import { MOST_NAMES } from '../model/names.ts'
import { DRIVERS } from '../model/recipe.ts'

/** Linux refuses a single argument of 128 KiB (MAX_ARG_STRLEN in execve(2)); `sh -c` gets the command line as one. */
const MOST_COMMAND_BYTES = 128 * 1024 - 1
export const MOST_STAGES = 50
export const MOST_RESOURCES = MOST_NAMES - 1

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/
const PLAIN_VALUE = /^[A-Za-z0-9._/:@+,-]{1,100}$/

/** Names of recipes and stages: they become parts of domains, files and check runs. */
export const WORD = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/
export const WORD_TEXT = 'at most 40 lower-case letters, digits and inner hyphens'

const word = wordField(WORD, WORD_TEXT)
const variable = wordField(VARIABLE, 'the name of an environment variable (letters, digits, underscores)')
const value = wordField(PLAIN_VALUE, 'at most 100 letters, digits and . _ / : @ + , - without spaces')

const command = z
  .string()
  .min(1, 'must be a command line; write true for "do nothing"')
  .refine((text) => !text.includes('\0'), 'may hold no NUL character')
  .refine(
    (text) => Buffer.byteLength(text) <= MOST_COMMAND_BYTES,
    'is too long for one command line; put it in a script beside recipe.yml',
  )
  .describe('A `sh -eu` command line. Working folder: the checkout of the pull request.')

const stage = z
  .strictObject({
    name: word
      .refine((name) => name !== 'teardown', 'teardown is the name of what comes after all stages')
      .describe('Shown on the check run; unique in the recipe.'),
    run: command,
    timeout: durationField().optional().describe("At most the run's deadline, which is the default."),
    uninterruptible: z
      .boolean()
      .default(false)
      .describe('Cancel and deadline wait until this stage has ended; its own timeout holds.'),
  })
  .describe('One step of a run. It is red when its command line ends with anything but 0.')

const argument = z.strictObject({
  values: z.array(value).min(1),
  default: value,
})

/** `recipe.yml`, as a person writes it (input) and as it is read (output): times in milliseconds. */
export const recipeSchema = z
  .strictObject({
    description: z.string().min(1, 'must say in one line what the recipe tests').max(200),
    driver: z.enum(DRIVERS).describe('What deploys.'),
    domain: z
      .string()
      .refine((text) => templateFault(text) === null, {
        error: (issue) => templateFault(String(issue.input)) ?? '',
      })
      .default(DEFAULT_DOMAIN)
      .describe('Where a run deploys: {owner} {repo} {recipe} {pr} {base} {run} {hash} are filled in.'),
    deadline: durationField()
      .optional()
      .describe("Of the whole run without its teardown; at most the configuration's, which is the default."),
    limits: limitsField()
      .prefault({})
      .describe(
        "What a run of this recipe may use at most; never more than the configuration's stageLimits.",
      ),
    resources: z
      .array(word)
      .meta({ maxItems: MOST_RESOURCES })
      .default([])
      .describe('Further things that a run wants for itself, locked as r:<word>.'),
    arguments: z
      .record(wordField(/^[a-z][a-z0-9-]{0,39}$/, 'a word such as size, as the key of an argument'), argument)
      .default({})
      .describe('`!testme NAME size=l` becomes BERTH_ARG_SIZE=l.'),
    env: z
      .record(variable, z.string())
      .default({})
      .describe('Further environment of all stages and of teardown.'),
    secrets: z
      .record(variable, z.strictObject({ forks: z.boolean().default(false) }))
      .default({})
      .describe(
        "Files in $BERTH_SECRETS, from the operator's secrets folder; a fork's code gets one only with forks: true.",
      ),
    stages: z.array(stage).min(1).meta({ maxItems: MOST_STAGES }),
    teardown: z
      .strictObject({ run: command, timeout: durationField().optional() })
      .describe('Takes down what the stages put up. Always runs, and may run twice: it must be idempotent.'),
  })
  .meta({ title: 'berth recipe' })

export type RecipeFile = z.output<typeof recipeSchema>
