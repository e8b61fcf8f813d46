import { EXIT } from '../errors.ts'
import { type Kind, newRecipe } from '../recipes/new.ts'
import type { Context } from './context.ts'

function ofAStack(name: string): readonly string[] {
  return [
    'copy compose.example.yml to your repository as compose.yml, or name its own compose files below stack.files; commit',
    `berth recipes check ${name} --repo /path/to/your/repository`,
    `berth run ${name} --repo /path/to/your/repository`,
  ]
}

/** What a person does next, with each kind of recipe. */
const NEXT: { readonly [K in Kind]: (name: string) => readonly string[] } = {
  process: (name) => [`berth run ${name} --repo /path/to/your/repository`],
  compose: ofAStack,
  swarm: ofAStack,
  'coop-cloud': (name) => [
    'docker network create --driver overlay --attachable proxy, where there is none',
    `berth recipes check ${name} --repo /path/to/a/recipe's/repository`,
    `berth run ${name} --repo /path/to/a/recipe's/repository`,
  ],
}

const AMONG_SHIPPED =
  "There is no berth.yml, so it stands among berth's own recipes. To keep yours apart: echo 'recipesDir: ./recipes' >berth.yml\n"

/** `berth recipes new` */
export function makeRecipe({ config, stdout }: Context, name: string, kind: Kind): number {
  const files = newRecipe(config.recipesDir, name, kind)
  const steps = [
    `change ${files[0]} to what you test (every key: docs/recipes.md); berth recipes check`,
    ...NEXT[kind](name),
    `for comments on pull requests, in berth.yml: repositories: { OWNER/NAME: { recipes: [${name}] } }`,
  ]
  for (const file of files) stdout.write(`Wrote ${file}\n`)
  if (config.file === null) stdout.write(AMONG_SHIPPED)
  stdout.write(`\nNext:\n${steps.map((step, index) => `  ${index + 1}. ${step}\n`).join('')}`)
  return EXIT.ok
}
