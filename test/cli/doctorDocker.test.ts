import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { dockerChecks } from '../../src/cli/doctorDocker.ts'
import { loadConfig } from '../../src/config.ts'
import { cliFault } from '../../src/drivers/docker/cliVersion.ts'

const STACK = 'stack: { files: [compose.yml] }\nstages: [{ name: deploy, deploy: {} }]\n'
const RECIPES = {
  swarm: `description: A stack\ndriver: swarm\ndomain: 'a-{pr}.{base}'\n${STACK}`,
  compose: `description: A project\ndriver: compose\ndomain: 'b-{pr}.{base}'\n${STACK}`,
  process:
    "description: A process\ndomain: 'c-{pr}.{base}'\nstages: [{ name: up, run: 'true' }]\nteardown: { run: 'true' }\n",
}

/** What is said of a machine with nothing of Docker, to an operator with these recipes. */
async function checksFor(...names: readonly (keyof typeof RECIPES)[]) {
  const root = mkdtempSync(join(tmpdir(), 'berth-doctor-'))
  const path = process.env['PATH']
  onTestFinished(() => {
    process.env['PATH'] = path
    rmSync(root, { recursive: true })
  })
  writeFileSync(
    join(root, 'berth.yml'),
    `docker: { host: 'unix://${root}/docker.sock' }\nrecipesDir: ./recipes\n`,
  )
  mkdirSync(join(root, 'recipes'))
  for (const name of names) {
    mkdirSync(join(root, 'recipes', name))
    writeFileSync(join(root, 'recipes', name, 'recipe.yml'), RECIPES[name])
  }
  process.env['PATH'] = root
  return await dockerChecks(
    loadConfig({ env: { BERTH_STATE_DIR: join(root, 'state') }, cwd: root, etc: '/nowhere' }),
  )
}

test('R-DKR-11 doctor: where no recipe needs Docker its absence is a note', async () => {
  const checks = await checksFor('process')
  expect(checks.map(({ what, state }) => `${state} ${what}`)).toEqual([
    'note docker engine',
    'note docker CLI',
    'note compose',
  ])
  for (const { text } of checks) expect(text).toContain('(no recipe here needs it)')
})

test('R-DKR-11 doctor: what a recipe needs and is not there is a fault, in one sentence with the way out', async () => {
  const checks = await checksFor('process', 'swarm', 'compose')
  expect(checks).toEqual([
    {
      what: 'docker engine',
      state: 'bad',
      text: expect.stringMatching(
        /^No Docker Engine answers at .*: start it .*docker\.host\) \(recipes compose, swarm need it\)$/,
      ),
    },
    {
      what: 'docker CLI',
      state: 'bad',
      text: 'There is no docker command on the PATH: apt-get install docker.io (recipes compose, swarm need it)',
    },
    {
      what: 'compose',
      state: 'bad',
      text: expect.stringMatching(/apt-get install .*\(recipe compose needs it\)$/),
    },
  ])
  expect((await checksFor('swarm')).map(({ what, state }) => `${state} ${what}`)).toEqual([
    'bad docker engine',
    'bad docker CLI',
    'note compose',
  ])
})

test.each([
  ['Docker version 28.2.2, build e6534b4', null],
  ['Docker version 23.0.0, build e92dd87', null],
  [
    'Docker version 20.10.24+dfsg1, build 297e128',
    'The docker command is 20.10.24; docker stack config came with 23.0: ',
  ],
  ['podman', 'The docker command is of an unknown version; '],
])('R-DKR-01 a CLI that says "%s" can or cannot resolve the files of a stack', (printed, fault) => {
  expect(cliFault(printed)).toEqual(fault === null ? null : expect.stringContaining(fault))
})
