import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { sharedFolder } from '../src/secrets/places.ts'
import { killAll } from '../test-concurrency/fixtures/crash.ts'
import { filesWith, shownIn } from '../test-concurrency/fixtures/hidden.ts'
import type { Run } from '../test-concurrency/fixtures/run.ts'
import { GATE, type World } from '../test-concurrency/fixtures/world.ts'
import { IMAGE } from './fixtures/images.ts'
import { docker } from './fixtures/raw.ts'
import { OBEDIENT } from './fixtures/stackFile.ts'
import { commit, type Stacks, stackOf, test } from './fixtures/stacks.ts'

const SECRET_FILE = '/run/secrets/db_password'

/** A Co-op Cloud recipe whose service tells its password to everybody who reads its log. */
const CHATTY = {
  '.env.sample': 'TYPE=chatty\nDOMAIN=chatty.example.com\nSECRET_DB_PASSWORD_VERSION=v1 # length=24\n',
  'abra.sh': 'export APP_VERSION=v1\n',
  'compose.yml': JSON.stringify({
    version: '3.8',
    services: {
      app: {
        image: IMAGE,
        command: ['sh', '-c', `cat ${SECRET_FILE}; echo; ${OBEDIENT.replaceAll('$', '$$$$')}`],
        secrets: ['db_password'],
      },
    },
    secrets: {
      db_password: { external: true, name: '${STACK_NAME}_db_password_${SECRET_DB_PASSWORD_VERSION}' },
    },
  }),
}

describe('R-RUN-17 R-DKR-06 a secret that is generated for the run', () => {
  test('R-RUN-17 R-DKR-06 is in no log, of a stage or of a service, and gone without a trace with the run', async ({
    world,
    stacks,
  }) => {
    const { run, secret, go } = await parked(world, stacks)
    expect(filesWith(world, secret)).toEqual([memoryOf(world, run)])
    go()
    await run.cli.endedWith(0)
    expect(logIn(run, 'stages/02-tell.log')).toBe('***\n')
    expect(serviceLogOf(run)).toBe('***\n')
    expectNoTrace(world, run, secret)
  })

  test('R-RUN-17 R-JAN-01 stays hidden when everything is SIGKILLed and the janitor keeps the logs of services', async ({
    world,
    stacks,
  }) => {
    const { run, secret } = await parked(world, stacks)
    await killAll(run)
    await world.berth('janitor').endedWith(10)
    expect(run.result()).toMatchObject({ verified: true })
    expect(serviceLogOf(run)).toBe('***\n')
    expectNoTrace(world, run, secret)
  })

  test('R-RUN-17 R-JAN-01 after a reboot nobody knows it any more: the logs of services, which may show it, are not kept, and teardown says so', async ({
    world,
    stacks,
  }) => {
    const { run, secret } = await parked(world, stacks)
    await killAll(run)
    rmSync(memoryOf(world, run))
    await world.berth('janitor').endedWith(10)
    expect(run.result()).toMatchObject({ verified: true })
    expect(existsSync(join(run.folder, 'stack/logs'))).toBe(false)
    expect(logIn(run, 'stages/teardown.log')).toContain(
      '[berth: the logs of services are not kept: they may show secrets whose values nobody has any more]',
    )
    expectNoTrace(world, run, secret)
  })
})

/** A run whose stack stands, in its last stage; the secret as its container has it. */
async function parked(world: World, stacks: Stacks) {
  const name = stacks.name('chatty')
  const inside = world.gate('inside')
  world.recipe(name)
  stacks.write(name, {
    stack: { 'coop-cloud': true },
    stages: {
      deploy: { deploy: {} },
      tell: { exec: { service: 'app', run: `cat ${SECRET_FILE}; echo` } },
      inside: { run: `${GATE} inside` },
    },
  })
  commit(world, CHATTY)
  const run = await world.run(name)
  await inside.reached()
  const container = docker('ps', '--quiet', '--filter', `name=${stackOf(name)}_app`)
  const secret = docker('exec', container, 'cat', SECRET_FILE)
  expect(secret).toHaveLength(24)
  return { run, secret, go: inside.go }
}

function memoryOf({ state }: World, { id }: Run): string {
  return join(sharedFolder({ root: state }) ?? '', `${id}.generated`)
}

function expectNoTrace(world: World, run: Run, secret: string): void {
  expect(filesWith(world, secret)).toEqual([])
  expect(existsSync(memoryOf(world, run))).toBe(false)
  for (const log of readdirSync(join(run.folder, 'stages')))
    expect(shownIn(logIn(run, `stages/${log}`), secret), log).toEqual([])
}

function serviceLogOf(run: Run): string {
  const [log = ''] = readdirSync(join(run.folder, 'stack/logs'))
  return logIn(run, `stack/logs/${log}`)
}

function logIn(run: Run, path: string): string {
  return readFileSync(join(run.folder, path), 'utf8')
}
