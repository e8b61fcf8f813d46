import { createServer } from 'node:http'
import { expect } from 'vitest'
import { anAlarm } from '../../src/model/alarm.ts'
import { leaveAlarm } from '../../src/store/alarmFiles.ts'
import { statePaths } from '../../src/store/stateFolder.ts'
import { until } from '../fixtures/until.ts'
import { test } from './fixtures/test.ts'

test('R-REP-04 R-LCK-10 the operator hears of a report that was given up and of what the janitor has left, once each, across a SIGKILL', async ({
  scene,
  world,
}) => {
  const heard: { readonly id: string; readonly kind: string; readonly run?: string }[] = []
  let answers = 500
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await Array.fromAsync(request)).toString()
    heard.push(JSON.parse(body))
    response.writeHead(answers).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  try {
    scene.setting(`notify: { webhook: 'http://127.0.0.1:${port}/alarms' }`)
    scene.recipe('app')
    await scene.serve()
    const effect = { kind: 'answer', status: 404 } as const
    scene.gitHub.addFault({ method: 'POST', path: /\/reactions$/, times: 1, effect })
    const run = await scene.testme(1)
    expect((await run.completed()).conclusion).toBe('success')
    const leak = {
      subject: 'a.ci.localhost',
      atMs: Date.now(),
      text: 'held',
      about: { name: 'a.ci.localhost' },
    }
    leaveAlarm(statePaths(world.state), anAlarm({ kind: 'suspected_leak', ...leak }))
    await until('a first attempt', () => heard.some(({ kind }) => kind === 'report_failed'))
    await scene.service().kill()
    answers = 204
    heard.length = 0
    await scene.serve()
    const kinds = await until('both', () => (new Set(heard.map(({ id }) => id)).size === 2 ? heard : null))
    expect(kinds.map(({ kind }) => kind).toSorted()).toEqual(['report_failed', 'suspected_leak'])
  } finally {
    server.closeAllConnections()
    server.close()
  }
})
