import { z } from 'zod'
import { durationField, limitsField, wordField } from '../config/fields.ts'
import { DEFAULT_DOMAIN, templateFault } from '../model/domain.ts'
import { MOST_NAMES } from '../model/names.ts'
import { DRIVERS } from '../model/recipe.ts'
import { allowSchema } from './allow.ts'
import { command, stageSchema, word } from './stageSchema.ts'

export const MOST_STAGES = 50
export const MOST_RESOURCES = MOST_NAMES - 1

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/
const PLAIN_VALUE = /^[A-Za-z0-9._/:@+,-]{1,100}$/

const variable = wordField(VARIABLE, 'the name of an environment variable (letters, digits, underscores)')
const value = wordField(PLAIN_VALUE, 'at most 100 letters, digits and . _ / : @ + , - without spaces')

const argument = z.strictObject({
  values: z.array(value).min(1),
  default: value,
})

/** Each is looked for in the checkout and nowhere else; a name with a colon would be two to those who know COMPOSE_FILE. */
const composeFile = wordField(
  /^(?!\/)(?!(?:.*\/)?\.{1,2}(?:\/|$))(?!.*\/\/)[^\0:]*[^\0:/]$/,
  'the name of a file in the repository, such as compose.yml or deploy/compose.yml',
)

const stack = z.strictObject({
  files: z
    .array(composeFile)
    .default([])
    .describe('Compose files of the repository that is tested, in order.'),
  'coop-cloud': z
    .boolean()
    .default(false)
    .describe('The repository is a Co-op Cloud recipe: .env.sample and abra.sh say the rest.'),
  env: z
    .record(variable, z.string())
    .default({})
    .describe('Values for the variables of the compose files, besides STACK_NAME and DOMAIN.'),
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
    stages: z.array(stageSchema).min(1).meta({ maxItems: MOST_STAGES }),
    stack: stack.optional().describe('What the drivers compose and swarm deploy.'),
    allow: allowSchema.optional(),
    teardown: z
      .strictObject({ run: command, timeout: durationField().optional() })
      .optional()
      .describe('Takes down what the stages put up. Always runs, and may run twice: it must be idempotent.'),
  })
  .meta({ title: 'berth recipe' })

export type RecipeFile = z.output<typeof recipeSchema>
