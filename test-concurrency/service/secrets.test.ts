import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { ENCODE, filesWith, SECRET, shownIn, TELLS_ALL } from '../fixtures/hidden.ts'
import { IS_ROOT } from '../fixtures/needs.ts'
import { until } from '../fixtures/until.ts'
import { giveUsers } from '../fixtures/users.ts'
import { GATE } from '../fixtures/world.ts'
import type { Scene } from './fixtures/scene.ts'
import { test } from './fixtures/test.ts'

/** As a stage writes them for GitHub to show at a line: in the artifacts, and as a workflow command. */
const TELLS_ANNOTATIONS = [
  'printf %s "$secret" | node -e \'const s = require("node:fs").readFileSync(0, "utf8"); console.log(JSON.stringify({ level: "failure", path: "README.md", line: 1, message: `${s} in an annotation` }))\' >"$BERTH_ARTIFACTS/annotations.ndjson"',
  'echo "::error file=README.md,line=1::$secret in a log"',
]
  .join('; ')
  .replace('node -e', `${process.execPath} -e`)

test('R-RUN-17 R-REP-01 a stage that tells its secret in every form, in pieces: the check, the pages, the API, GitHub and the records show none', async ({
  scene,
}) => {
  const { world, gitHub } = scene
  world.secret('KEY', `${SECRET}\n`)
  const inside = world.gate('inside')
  scene.recipe('app', {
    secrets: { KEY: {} },
    stages: { tell: `${TELLS_ALL}; ${TELLS_ANNOTATIONS}; ${GATE} inside; exit 3` },
    teardown: 'cat "$BERTH_SECRETS/KEY"',
  })
  writeFileSync(join(world.recipeFolder('app'), 'encode.mjs'), ENCODE)
  await scene.serve()
  const run = await scene.testme(1)
  await inside.reached()
  const live = await pagesOf(scene, run.id)
  inside.go()
  const check = await run.completed()
  expect(check).toMatchObject({ conclusion: 'failure' })
  expect(check.output.text).toContain('***')
  const pages = [...live, ...(await pagesOf(scene, run.id))]
  expect(pages.filter((text) => text.includes('***')).length).toBeGreaterThan(2)
  expect(check.annotations.map(({ message }) => message)).toEqual(['*** in an annotation', '*** in a log'])
  for (const text of [JSON.stringify(check), ...pages]) expect(shownIn(text)).toEqual([])
  expect(
    shownIn(JSON.stringify([...gitHub.memory.checkRuns.values(), ...gitHub.memory.comments.values()])),
  ).toEqual([])
  expect(filesWith(world)).toEqual([])
  await scene.stop()
  expect(shownIn(readFileSync(join(world.state, 'berth.db'), 'latin1'))).toEqual([])
})

test('R-RUN-17 R-QUE-02 a run whose secret is missing ends `not_started`: the check says which file, and nothing has begun', async ({
  scene,
}) => {
  const file = scene.world.secret('KEY', SECRET)
  scene.recipe('app', { secrets: { KEY: {} } })
  await scene.serve()
  rmSync(file)
  const run = await scene.testme(1)
  const { conclusion, output } = await run.completed()
  expect(conclusion).toBe('failure')
  expect(output.summary).toContain('not_started')
  expect(output.title).toContain(`${file}: missing, and recipe app asks for it; write it there`)
  expect(scene.world.trace()).toEqual([])
})

test.skipIf(!IS_ROOT)(
  'R-RUN-17 R-RUN-20 code of a fork has the one secret that its recipe allows, as a file of its own user; the check says which one it did without (as root)',
  async ({ scene }) => {
    scene.setting(`runAs: [${giveUsers(scene.world, 1).join(', ')}]`)
    scene.world.secret('OPEN', SECRET)
    scene.world.secret('CLOSED', 'not for strangers')
    const looks =
      'ls "$BERTH_SECRETS" >"$BERTH_ARTIFACTS/list"; cat "$BERTH_SECRETS/OPEN" >/dev/null; test ! -e "$BERTH_SECRETS/CLOSED"; test ! -w "$BERTH_SECRETS"'
    scene.recipe('app', {
      secrets: { OPEN: { forks: true }, CLOSED: { forks: false } },
      stages: { looks },
      teardown: 'test -s "$BERTH_SECRETS/OPEN"',
    })
    await scene.serve()
    await approveFork(scene)
    const run = await scene.testme(3)
    const { conclusion, output } = await run.completed()
    expect(output.summary).toMatch(/Secrets: code of a fork gets one only .*did without:\n\n- `CLOSED`/)
    expect(conclusion).toBe('success')
    expect(readFileSync(join(run.folder, 'artifacts/list'), 'utf8')).toBe('OPEN\n')
    const own = await scene.testme(1)
    await own.completed()
    expect(readFileSync(join(own.folder, 'artifacts/list'), 'utf8')).toBe('CLOSED\nOPEN\n')
  },
)

/** All that the service tells of a run over HTTP. */
function pagesOf({ env }: Scene, id: string): Promise<readonly string[]> {
  const paths = [
    '/',
    `/runs/${id}`,
    `/runs/${id}/logs/tell`,
    `/runs/${id}/logs/teardown`,
    '/api/v1/runs',
    `/api/v1/runs/${id}`,
    '/metrics',
  ]
  return Promise.all(
    paths.map(async (path) => (await fetch(`http://127.0.0.1:${env['PORT']}${path}`)).text()),
  )
}

/** A push and a comment in one second cannot be told apart by GitHub's times: in doubt the head has moved. */
async function approveFork(scene: Scene): Promise<void> {
  const { memory } = scene.gitHub
  const fork = [...memory.pulls.values()].find(({ number }) => number === 3)
  const pushedAtMs = memory.repositories.get(fork?.head.repositoryId ?? 0)?.pushedAtMs ?? 0
  await until(
    'a later second than that of the push',
    () => Math.floor(Date.now() / 1000) > Math.floor(pushedAtMs / 1000),
  )
  await scene.comment(3, `!testme ok ${fork?.head.sha ?? ''}`)
}
