import { warmed } from '../fixtures/warm.ts'
import { GATE, SITE, type World } from '../fixtures/world.ts'
import { startScene } from '../service/fixtures/scene.ts'
import type { Scene } from './recorded.ts'

const NAME = 'app-1.ci.localhost'

/** A service is killed while its run is at work. The next one follows that, and starts the run behind it, whose processes begin ahead. */
export async function twoServices(world: World): Promise<Scene> {
  await using scene = await startScene(world)
  const inside = world.gate('inside')
  scene.recipe('app', { stages: { up: `${SITE} up`, inside: `${GATE} inside` } })
  const { pid: before } = await scene.serve()
  const first = await scene.testme(1)
  await inside.reached()
  await scene.service().kill()
  const { pid: after } = await scene.serve()
  const second = await scene.testme(1)
  await warmed(second.id)
  inside.go()
  await inside.reached()
  inside.go()
  for (const run of [first, second]) await run.completed()
  await scene.stop()
  return {
    names: [NAME],
    runs: [
      { run: { id: first.id, cli: { pid: before } }, names: [NAME] },
      { run: { id: second.id, cli: { pid: after } }, names: [NAME] },
    ],
    holds: [],
    janitors: [],
    warm: true,
    withoutTickets: true,
  }
}
