import { openStore } from '../../src/store/sqlite.ts'
import { comment } from './commentPart.ts'
import { figure, type Part } from './figures.ts'
import { memoryOf, sharesOf } from './processes.ts'
import { type Service, serveIn } from './service.ts'
import { type Measuring, until } from './wait.ts'
import { APART, makeWorld } from './world.ts'

/** All of them start at once, on the machine's few cores. */
const LONGEST_START_MS = 600_000

/** What a service takes that follows so many runs, all in a stage that writes nothing. */
export async function measureLive(folder: string, runs: number, measuring: Measuring): Promise<Part> {
  await using world = makeWorld(folder, runs)
  await using service = await serveIn(world)
  const rest = await sharesOf(service.pid, measuring.signal)
  const restMb = memoryOf(service.pid).residentKb / 1024
  for (let index = 0; index < runs; index += 1) {
    measuring.say(`live: ${index}/${runs} runs asked for`)
    await comment(service, `!testme ${APART}`)
  }
  await allInTheirStage(service, runs, measuring)
  const live = await sharesOf(service.pid, measuring.signal)
  const liveMb = memoryOf(service.pid).residentKb / 1024
  return {
    name: 'live',
    title: `9. The service while ${runs} runs are in a stage`,
    conditions: `Each run has processes of its own, at a domain of its own. Looks of ten seconds, after all has been told to GitHub.`,
    groups: [
      {
        title: "the service's share of one core",
        figures: [figure(`with ${runs} live runs`, '%', live), figure('at rest, with none', '%', rest)],
      },
      {
        title: 'resident memory of the service',
        figures: [figure(`with ${runs} live runs`, 'MB', [liveMb]), figure('at rest', 'MB', [restMb])],
      },
    ],
  }
}

async function allInTheirStage({ world, gitHub }: Service, runs: number, { signal, say }: Measuring) {
  await using undo = new AsyncDisposableStack()
  const store = await openStore(world.state.database)
  undo.defer(() => store.close())
  const areThere = async () => {
    const there = (await store.live()).filter(({ stage }) => stage === 'only').length
    say(`live: ${there}/${runs} runs in their stage`)
    return there === runs && (await store.pendingReports()) === 0
  }
  await until(`${runs} runs in their stage, all told to GitHub`, areThere, signal, LONGEST_START_MS)
  await gitHub.deliveries.idle()
}
