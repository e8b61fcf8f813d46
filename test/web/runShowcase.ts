import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PastStage } from '../../src/model/pastStage.ts'
import { writeResult } from '../../src/store/result.ts'
import { readJournal } from '../../src/store/runFolder.ts'
import { PASSED } from '../store/samples.ts'
import { aQueued, aRequest, begun, type Line, type Scene, stage, tornDown } from './scene.ts'

const FAILED = {
  conclusion: 'failure',
  reason: 'stage_failed',
  title: 'Stage ready failed',
  exitCode: 1,
} as const
const ESC = '\u001b'

/** A run that is over, with all that its page can show: a wait, levels, colours, artefacts, a stage that was ended by force. */
export async function aFullRun(scene: Scene): Promise<string> {
  const atMs = Date.now() - 900_000
  const run = aQueued({ enqueuedAtMs: atMs - 400_000 })
  await scene.queue(run)
  await scene.change(run.id, { state: 'starting', startedAtMs: atMs })
  const paths = scene.folder(aRequest(run.id, { requestedAtMs: atMs - 400_000 }), fullCourse(atMs))
  writeResult(paths, aRequest(run.id), readJournal(paths))
  writeFileSync(join(paths.stages, '01-check.log'), colours())
  writeFileSync(join(paths.stages, '02-deploy.log'), longLog())
  writeFileSync(join(paths.stages, 'teardown.log'), 'network removed\n')
  writeFileSync(join(paths.artifacts, 'report.xml'), '<testsuite/>')
  writeFileSync(join(paths.artifacts, '<img src=x>.png'), '')
  await scene.change(run.id, { state: 'concluded', concludedAtMs: atMs + 201_000, verdict: FAILED })
  return run.id
}

function fullCourse(atMs: number): readonly Line[] {
  const ended = { event: 'stage.ended', exitCode: 0, detail: 'exit code 0', ending: null } as const
  const containment = { kind: 'sweep', run: 'r', stage: 's' } as const
  return [
    ...begun(atMs, ['check', 'deploy', 'ready', 'upgrade', 'own-checks']),
    ...stage('check', atMs + 3_000, 22_000),
    [atMs + 25_000, { event: 'stage.started', name: 'deploy', containment }],
    [atMs + 85_000, { ...ended, name: 'deploy', outcome: 'success', aim: 'deploy' }],
    [atMs + 85_000, { event: 'stage.started', name: 'ready', containment }],
    [
      atMs + 180_000,
      { ...ended, name: 'ready', outcome: 'failure', exitCode: 1, detail: 'exit code 1', aim: 'ready' },
    ],
    ...tornDown(atMs + 181_000, 19_000),
    [atMs + 200_500, { event: 'concluded', verdict: FAILED }],
  ]
}

/** Each colour on the ground of the log, and each ground behind the text of the page. */
function colours(): string {
  const codes = [30, 31, 32, 33, 34, 35, 36, 37, 90, 91, 92, 93, 94, 95, 96, 97]
  const lines = codes.map(
    (code) => `${ESC}[${code}mcolour ${code}${ESC}[0m ${ESC}[${code + 10}mon ${code + 10}${ESC}[0m`,
  )
  const marks = `${ESC}[1mbold${ESC}[0m ${ESC}[2mdim${ESC}[0m ${ESC}[3mitalic${ESC}[0m ${ESC}[4munderlined${ESC}[0m ${ESC}[7minverse${ESC}[0m ${ESC}[9mstruck${ESC}[0m`
  return `${lines.join('\n')}\n${marks}\n<script>document.title = 'owned'</script>\n`
}

function longLog(): string {
  const line = (index: number) =>
    `${ESC}[90m12:00:${String(index % 60).padStart(2, '0')}${ESC}[0m layer ${index} ${index === 900 ? `${ESC}[31mERROR disk full${ESC}[0m` : 'pulled'}`
  return Array.from({ length: 3_000 }, (_, index) => `${line(index + 1)}\n`).join('')
}

/** A history in which `deploy` is slow, and flaky at some commits. */
export async function addPast(scene: Scene, count = 36): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const isRed = index % 7 === 3
    const run = aQueued({
      enqueuedAtMs: Date.now() - (count - index) * 3_600_000,
      sha: `${String(Math.floor(index / 2)).padStart(2, '0')}${'c'.repeat(38)}`,
      repository: index % 5 === 0 ? 'acme/shop' : 'acme/site',
      repositoryId: index % 5 === 0 ? '43' : '42',
    })
    await scene.queue(run)
    const startedAtMs = run.enqueuedAtMs + 4_000
    const stages = pastStagesOf(index, isRed)
    const tookMs = stages.reduce((sum, { tookMs }) => sum + tookMs, 3_000)
    await scene.change(run.id, { state: 'starting', startedAtMs })
    const verdict = isRed ? FAILED : PASSED
    await scene.change(run.id, { state: 'concluded', concludedAtMs: startedAtMs + tookMs, verdict, stages })
  }
}

function pastStagesOf(index: number, isRed: boolean): readonly PastStage[] {
  return [
    { name: 'check', outcome: 'success', tookMs: 9_000 + (index % 4) * 700 },
    { name: 'deploy', outcome: isRed ? 'failure' : 'success', tookMs: 50_000 + (index % 9) * 6_000 },
    { name: 'teardown', outcome: 'success', tookMs: 4_000 + (index % 3) * 500 },
  ]
}
