import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { filesWith, shownIn } from '../test-concurrency/fixtures/hidden.ts'
import { runEnds } from './fixtures/coopCloud.ts'
import { IMAGE } from './fixtures/images.ts'
import { OBEDIENT } from './fixtures/stackFile.ts'
import { commit, test } from './fixtures/stacks.ts'

const SECRET_FILE = '/run/secrets/relay_token'
const VALUE = 'nobody can generate this one'

/** A Co-op Cloud recipe that needs a token of somebody else's service, and tells it to everybody who reads its log. */
const RELAY = {
  '.env.sample': 'TYPE=relay\nDOMAIN=relay.example.com\nSECRET_RELAY_TOKEN_VERSION=v1 # generate=false\n',
  'compose.yml': JSON.stringify({
    version: '3.8',
    services: {
      app: {
        image: IMAGE,
        command: ['sh', '-c', `cat ${SECRET_FILE}; echo; ${OBEDIENT.replaceAll('$', '$$$$')}`],
        secrets: ['relay_token'],
      },
    },
    secrets: {
      relay_token: { external: true, name: '${STACK_NAME}_relay_token_${SECRET_RELAY_TOKEN_VERSION}' },
    },
  }),
}

const STAGES = {
  deploy: { deploy: {} },
  same: { exec: { service: 'app', run: `test "$(cat ${SECRET_FILE})" = '${VALUE}'; cat ${SECRET_FILE}` } },
}

describe('R-DKR-06 a secret that only a person can make (generate=false)', () => {
  test('R-DKR-06 R-RUN-17 is in the container as the operator has written it, hidden in every log, and gone with the run', async ({
    world,
    stacks,
  }) => {
    const name = stacks.name('relay')
    world.recipe(name)
    const operators = world.secret('relay_token', VALUE)
    stacks.write(name, {
      stack: { 'coop-cloud': true },
      stages: STAGES,
      more: { secrets: { relay_token: {} } },
    })
    commit(world, RELAY)
    const run = await world.run(name)
    await runEnds(run, 0)
    const logs = ['stages', 'stack/logs'].flatMap((folder) =>
      readdirSync(join(run.folder, folder)).map((log) => join(run.folder, folder, log)),
    )
    for (const log of logs) expect(shownIn(readFileSync(log, 'utf8'), VALUE), log).toEqual([])
    const recipe = join(world.recipeFolder(name), 'recipe.yml')
    const told = new Set([
      operators,
      recipe,
      join(run.folder, 'recipe/recipe.yml'),
      join(run.folder, 'request.json'),
    ])
    expect(filesWith(world, VALUE).filter((file) => !told.has(file))).toEqual([])
    expect(logs.filter((log) => readFileSync(log, 'utf8').includes('***'))).toHaveLength(2)
    expect(existsSync(join(run.folder, 'secrets'))).toBe(false)
  })

  test('R-DKR-06 is asked for with file and line where the recipe does not give it, and nothing is deployed', async ({
    world,
    stacks,
  }) => {
    const name = stacks.name('relay')
    world.recipe(name)
    stacks.write(name, { stack: { 'coop-cloud': true }, stages: STAGES })
    commit(world, RELAY)
    const run = await world.run(name)
    await runEnds(run, 1)
    expect(readFileSync(join(run.folder, 'stages/01-deploy.log'), 'utf8')).toContain(
      'compose.yml:1: secrets.relay_token: has generate=false, and the recipe does not give it',
    )
    expect(stacks.left()).toEqual([])
  })
})
