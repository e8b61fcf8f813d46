import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { commands } from '../../src/cli.ts'
import { newRunId } from '../../src/store/runId.ts'
import { aReaction, PASSED } from '../store/samples.ts'
import {
  aQueued,
  aRequest,
  begun,
  DOMAIN,
  type Line,
  type Scene,
  stage,
  startScene,
  tornDown,
} from '../web/scene.ts'
import { type Desk, desk } from './fixtures/desk.ts'

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/cli.md'), 'utf8')
const ROWS = [...PAGE.matchAll(/^\| `berth (.+?)` \| (.+) \|$/gm)].flatMap(([, command = '', fields = '']) =>
  fields.startsWith('`')
    ? [{ command, fields: [...fields.matchAll(/`(\w+)`/g)].map(([, field = '']) => field) }]
    : [],
)

function withJson(command: Command, above: readonly string[] = []): readonly string[] {
  return command.commands.flatMap((one) => {
    const words = [...above, one.name()]
    const own = one.options.some(({ long }) => long === '--json') ? [words.join(' ')] : []
    return [...own, ...withJson(one, words)]
  })
}

/** A run that was red at this commit, and one that was green at it. */
function twoRuns(scene: Scene): string {
  const [red, green] = [newRunId(), newRunId()]
  const lines = (outcome: 'success' | 'failure'): readonly Line[] => [
    ...begun(1_000, ['check', 'deploy']),
    ...stage('check', 3_500, 500),
    ...stage('deploy', 4_000, 4_000, outcome),
    ...tornDown(9_000, 10),
    [
      9_010,
      {
        event: 'concluded',
        verdict:
          outcome === 'success' ? PASSED : { ...PASSED, conclusion: 'failure', reason: 'stage_failed' },
      },
    ],
  ]
  scene.folder(aRequest(red), lines('failure'))
  scene.folder(aRequest(green), lines('success'))
  return green
}

/** A state folder in which each listing has something to list. */
async function full(): Promise<
  AsyncDisposable & { readonly here: Desk; readonly run: string; readonly scene: Scene }
> {
  const scene = await startScene()
  const here = desk(scene.state.root)
  const run = twoRuns(scene)
  await scene.queue(aQueued())
  await scene.store.addReports([aReaction(1)])
  await scene.store.addAction({
    id: 'a1',
    act: 'hold',
    run: null,
    name: 'r:port-1',
    forMs: 1,
    reason: 'x',
    by: { kind: 'token', name: 'ops' },
    from: '127.0.0.1',
    askedAtMs: 1_000,
  })
  scene.hold(DOMAIN, run, 1_000)
  expect(here.started('locks', 'hold', 'r:port-1', '--reason', 'x', '--for', '1ms')).toBe(0)
  expect(await here.berth('token', 'new', 'ops')).toMatchObject({ status: 0 })
  expect([0, 10, 1]).toContain(here.started('janitor', '--quiet'))
  return { here, run, scene, [Symbol.asyncDispose]: () => scene[Symbol.asyncDispose]() }
}

test('R-OBS-05 each command with --json has a line in docs/cli.md, and no other', () => {
  expect(ROWS.map(({ command }) => command.replace(/( [A-Z]+)+$/, '')).sort()).toEqual(
    [...withJson(commands(() => undefined, null))].sort(),
  )
})

test('R-OBS-05 --json has the fields of docs/cli.md, without a service', { timeout: 300_000 }, async () => {
  await using desk = await full()
  for (const { command, fields } of ROWS) {
    const words = command
      .split(' ')
      .map(
        (word) => ({ RUN: desk.run, RECIPE: 'hello', FILE: join(desk.here.root, 'copy.db') })[word] ?? word,
      )
    const { stdout, stderr } = await desk.here.berth(...words, '--json')
    const value: unknown = JSON.parse(stdout)
    const one: unknown = Array.isArray(value) ? value[0] : value
    expect({ stderr, fields: Object.keys(Object(one)).sort() }, command).toEqual({
      stderr: '',
      fields: [...fields].sort(),
    })
  }
})

test('R-OBS-05 a recipe’s history, a run’s stages, limits and sweeps are shown from the files', {
  timeout: 120_000,
}, async () => {
  await using desk = await full()
  const shown = async (...words: readonly string[]) => (await desk.here.berth(...words)).stdout
  const history = await shown('recipes', 'history', 'hello')
  expect(history).toMatch(/^hello: the last 2: 1 success, 1 failure, 0 cancelled, 0 timed_out/)
  expect(history).toMatch(/^check +2 +0 +500ms +500ms *$/m)
  expect(history).toMatch(/^deploy +2 +1 +4s +4s +flaky: green and red at 1 commit; slowest$/m)
  expect(await shown('recipes', 'history', 'nothing')).toBe(
    'No run of nothing has ended yet; `berth runs` lists all.\n',
  )
  expect(await shown('show', desk.run)).toMatch(/^STAGE +OUTCOME +TOOK +DETAIL\ncheck +success +500ms/m)
  expect(await shown('limits')).toBe('Nobody is held back.\nNothing is switched off.\n')
  expect(await shown('sweeps')).toMatch(/^SWEPT +TOOK +WHAT +NAME +ACTION +WHY\n\d{4}-/)
})

test.each([
  [['lokcs'], 'Did you mean locks?'],
  [['locks', 'relaese', 'x'], 'Did you mean release?'],
  [['runs', '--jsn'], 'Did you mean --json?'],
  [['run', 'helo'], 'Did you mean hello?'],
])('R-OBS-05 a slip of the keyboard is answered with what was meant: berth %s', async (words, meant) => {
  const { status, stderr } = await desk().berth(...words)
  expect(status).toBe(2)
  expect(stderr).toContain(meant)
})
