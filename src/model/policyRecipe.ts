import { checkArguments } from './arguments.ts'
import { closest } from './closest.ts'
import type { RunCommand } from './command.ts'
import { inCode } from './commandText.ts'
import { COMMAND_WORD } from './commandWord.ts'
import type { Enrolment } from './config.ts'
import type { PolicyFacts, RunPlan } from './policyFacts.ts'
import { type Refusal, refuse } from './refusal.ts'
import { SUBCOMMANDS } from './reservedWords.ts'

type RecipeFacts = Pick<PolicyFacts, 'enrolment' | 'recipes'>

/** The runs that a command asks for: all of them, or why none. Arguments must fit every recipe that is named. */
export function plansOf(
  command: RunCommand,
  facts: RecipeFacts,
): Refusal | { readonly kind: 'plans'; readonly plans: readonly RunPlan[] } {
  const names = command.recipes.length > 0 ? command.recipes : defaultOf(facts.enrolment)
  if (names === null) return ambiguous(facts.enrolment)
  const planned = names.map((name) => planOf(name, command, facts))
  const refusal = planned.find((plan) => 'kind' in plan)
  if (refusal !== undefined) return refusal
  return { kind: 'plans', plans: planned.flatMap((plan) => ('kind' in plan ? [] : [plan])) }
}

function defaultOf(enrolment: Enrolment): readonly string[] | null {
  if (enrolment.default !== null) return [enrolment.default]
  return enrolment.recipes.length === 1 ? enrolment.recipes : null
}

function ambiguous(enrolment: Enrolment): Refusal {
  const lines = enrolment.recipes.map((name) => inCode(`${COMMAND_WORD} ${name}`))
  return refuse('ambiguous_recipe', `Say which one: ${lines.join(', ')}.`)
}

function planOf(name: string, command: RunCommand, facts: RecipeFacts): Refusal | RunPlan {
  if (!facts.enrolment.recipes.includes(name)) return unknownRecipe(name, facts.enrolment)
  const recipe = facts.recipes.find((one) => one.name === name)
  if (recipe === undefined)
    return refuse(
      'recipe_unavailable',
      `The operator sees with \`berth recipes check\` what is wrong with ${inCode(name)}.`,
    )
  const checked = checkArguments(recipe.arguments, command.arguments)
  if ('fault' in checked) return refuse('bad_argument', `${inCode(name)}: ${inCode(checked.fault)}.`)
  return { recipe, given: command.arguments, arguments: checked.values, keepMs: command.keepMs }
}

function unknownRecipe(name: string, { recipes }: Enrolment): Refusal {
  const meant = closest(name, [...recipes, ...SUBCOMMANDS])
  const guess = meant === null ? '' : ` Did you mean ${inCode(`${COMMAND_WORD} ${meant}`)}?`
  return refuse(
    'unknown_recipe',
    `There is no ${inCode(name)}; there is ${recipes.map(inCode).join(', ')}.${guess}`,
  )
}
