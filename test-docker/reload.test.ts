import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { reload, setting } from '../test-concurrency/service/fixtures/reload.ts'
import { test } from '../test-concurrency/service/fixtures/test.ts'
import { IMAGE } from './fixtures/images.ts'
import { openProxy } from './fixtures/proxy.ts'
import { docker, labelled } from './fixtures/raw.ts'

const COMPOSE = `version: '3.8'
services:
  app:
    image: ${IMAGE}
    command: sh -c "trap 'exit 0' TERM; while :; do sleep 3600 & wait; done"
`

const STACK = {
  driver: 'swarm',
  stack: { files: ['compose.yml'] },
  stages: [{ name: 'deploy', deploy: {} }],
}

test('R-Q-05 R-RUN-09 R-DKR-01 docker: SIGHUP has the next run ask the engine at the new address', async ({
  scene,
  task,
  onTestFinished,
}) => {
  const name = `reload-${randomBytes(4).toString('hex')}`
  onTestFinished(() => {
    if (task.result?.state === 'fail') docker('stack', 'rm', `${name}-2_ci_localhost`)
  })
  scene.recipe('stack', { domain: `${name}-{pr}.{base}` })
  const file = join(scene.world.recipeFolder('stack'), 'recipe.yml')
  writeFileSync(file, `${JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...STACK })}\n`)
  await scene.gitHub.people.push(2, { message: 'A stack', files: { 'compose.yml': COMPOSE } })
  scene.setting('docker: { host: unix:///nowhere/engine.sock }')
  await scene.serve()
  await using engine = await openProxy('/services/create')
  expect(await reload(scene, setting('docker', `{ host: '${engine.host}' }`))).toMatchObject({
    msg: 'config.reloaded',
    changed: ['docker'],
  })
  const run = await scene.testme(2)
  await engine.held()
  await engine.release()
  expect((await run.completed()).conclusion).toBe('success')
  const request = JSON.parse(readFileSync(join(run.folder, 'request.json'), 'utf8'))
  expect(request.stack.engine).toEqual({ host: engine.host, certPath: null, configDir: null })
  expect(labelled(`berth.run=${run.id}`)).toEqual([])
})
