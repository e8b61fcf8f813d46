import { fromMarkdown } from 'mdast-util-from-markdown'
import { describe, expect, test } from 'vitest'
import { BUTTONS } from '../../src/intake/event.ts'
import { collectorIn } from '../../src/model/annotations.ts'
import {
  EMPTY_JOURNAL,
  type Journal,
  type StageRecord,
  type TeardownReport,
} from '../../src/model/journal.ts'
import type { RunRow } from '../../src/model/ports.ts'
import { CONCLUSIONS, RUN_STATES } from '../../src/model/run.ts'
import { checkBody, checkReport, firstCheck } from '../../src/report/checkRun.ts'
import { type CheckExtras, NO_EXTRAS } from '../../src/report/extras.ts'
import { ENDING } from '../model/endings.ts'
import { aRun, PASSED, aRow as rowOf, SHA } from '../store/samples.ts'

const AT = Date.UTC(2026, 0, 2, 3, 4, 5)

describe('what a check says', () => {
  test('R-REP-01 a queued run says its place, what it waits for, who has it since when, and when it is to start', () => {
    const row = aRow({ waitsFor: 'run r0, which has site-hello-pr12.ci.test' })
    const name = 'site-hello-pr12.ci.test'
    const holder = { name, run: 'r0', pr: 11, by: 'hubot', sinceMs: AT }
    const wait = { place: 2, holder, startsAtMs: AT + 300_000 }
    const body = checkBody(row, EMPTY_JOURNAL, { ...NO_EXTRAS, wait })
    expect(body).toEqual({
      name: 'berth / hello',
      head_sha: SHA,
      external_id: 'r1',
      status: 'queued',
      output: {
        title: 'Queued, place 2: run r0, which has site-hello-pr12.ci.test (starts about 03:10 UTC)',
        summary: [
          'The run is queued, at place 2.',
          '',
          '- It waits for `run r0, which has site-hello-pr12.ci.test`.',
          '- `site-hello-pr12.ci.test` is with run `r0`, of pull request 11, asked by `hubot`, since 2026-01-02 03:04 UTC.',
          '- It starts about 2026-01-02 03:10 UTC, if what is ahead of it lasts as long as it did before.',
          '- It needs `r:port-1`, `site-hello-pr12.ci.test`.',
          '',
          FACTS,
        ].join('\n'),
      },
      actions: [{ label: 'Cancel', description: 'End this run and tear it down', identifier: 'cancel' }],
    })
  })

  test.each([
    [{ run: null, pr: null, by: 'root', sinceMs: AT }, 'kept by `root`, since 2026-01-02 03:04 UTC'],
    [{ run: null, pr: null, by: null, sinceMs: null }, 'kept by somebody'],
    [{ run: 'r0', pr: null, by: null, sinceMs: null }, 'with run `r0`'],
  ])('R-REP-01 whoever has a name is named as far as is known: %j', (who, words) => {
    const wait = { place: 1, holder: { name: 'a.test', ...who }, startsAtMs: null }
    const { output } = checkBody(aRow(), EMPTY_JOURNAL, { ...NO_EXTRAS, wait })
    expect(output?.title).toBe('Queued, place 1')
    expect(output?.summary).toContain(`\`a.test\` is ${words}.`)
    expect(output?.summary).not.toContain('It starts about')
  })

  test('R-REP-01 a run in progress says its stage, and what has been so far', () => {
    const row = aRow({ state: 'running', stage: 'check', startedAtMs: AT })
    const body = checkBody(row, aJournal(), {
      ...NO_EXTRAS,
      nowMs: AT + 9_000,
      detailsUrl: 'https://ci.test/runs/r1',
    })
    expect(body).toMatchObject({
      status: 'in_progress',
      started_at: '2026-01-02T03:04:05Z',
      details_url: 'https://ci.test/runs/r1',
      output: { title: 'Stage check (2 of 3)' },
    })
    expect(body.output?.summary).toBe(
      [
        '| Stage | Outcome | Time | Detail |',
        '| --- | --- | --- | --- |',
        '| `build` | success | 2s | `exit code 0` |',
        '| `check` | under way | 7s |  |',
        '| `backup` | to come | | |',
        '',
        FACTS,
      ].join('\n'),
    )
  })

  test('R-REP-01 a concluded run says its verdict, its stages, what teardown found, and the end of its log', () => {
    const title = 'Stage check failed: exit code 1'
    const row = anEnd({ verdict: { conclusion: 'failure', reason: 'stage_failed', title, exitCode: 1 } })
    const check = aStage('check', {
      outcome: 'failure',
      startedAtMs: AT + 2_000,
      endedAtMs: AT + 5_000,
      detail: 'exit code 1',
    })
    const journal = aJournal({
      stages: [...aJournal().stages.slice(0, 1), check],
      teardown: aTeardown({ ended: 3 }),
    })
    expect(checkBody(row, journal, { ...NO_EXTRAS, logTail: 'one\ntwo\n' })).toEqual({
      name: 'berth / hello',
      head_sha: SHA,
      external_id: 'r1',
      status: 'completed',
      conclusion: 'failure',
      started_at: '2026-01-02T03:04:05Z',
      completed_at: '2026-01-02T03:05:05Z',
      output: {
        title,
        summary: [
          '**failure** (`stage_failed`): `Stage check failed: exit code 1`',
          '',
          '| Stage | Outcome | Time | Detail |',
          '| --- | --- | --- | --- |',
          '| `build` | success | 2s | `exit code 0` |',
          '| `check` | failure | 3s | `exit code 1` |',
          '| `backup` | not begun | | |',
          '',
          'Teardown (1s): 3 processes ended; verified, nothing is left.',
          '',
          FACTS,
        ].join('\n'),
        text: '```text\none\ntwo\n```',
      },
      actions: [
        { label: 'Re-run', description: 'Run this recipe again at this commit', identifier: 'rerun' },
      ],
    })
  })

  test('R-REP-01 R-REP-08 annotations stand at their lines, and what has no line in the summary', () => {
    const { add, fault, all } = collectorIn('/w')
    const there = {
      path: 'src/a.ts',
      line: 3,
      endLine: null,
      startColumn: 4,
      endColumn: 9,
      details: 'at a.ts:3',
    }
    add({ ...there, level: 'warning', title: 'A title', message: 'careful' })
    add({
      ...there,
      level: 'failure',
      path: 'b.ts',
      endLine: 7,
      title: null,
      message: 'wrong',
      details: null,
    })
    add({ ...there, level: 'failure', path: null, title: 'lint', message: 'of no file' })
    fault('annotations.ndjson:4: it is not JSON')
    const { output } = checkBody(anEnd(), EMPTY_JOURNAL, { ...NO_EXTRAS, annotations: all() })
    expect(output?.annotations).toEqual([
      { path: 'b.ts', start_line: 3, end_line: 7, annotation_level: 'failure', message: 'wrong' },
      {
        path: 'src/a.ts',
        start_line: 3,
        end_line: 3,
        start_column: 4,
        end_column: 9,
        annotation_level: 'warning',
        message: 'careful',
        title: 'A title',
        raw_details: 'at a.ts:3',
      },
    ])
    expect(output?.summary).toContain(
      [
        'Annotations: 2 failures, 1 warning; 2 at their lines.',
        '',
        '- failure `lint`: `of no file`',
        '',
        'Annotations that could not be read:',
        '',
        '- `annotations.ndjson:4: it is not JSON`',
      ].join('\n'),
    )
  })

  test('R-REP-08 of more than fifty annotations the summary says how many more there are', () => {
    const { add, all } = collectorIn('/w')
    for (let index = 0; index < 72; index += 1)
      add({
        level: 'notice',
        path: index < 60 ? 'a.ts' : null,
        line: index + 1,
        endLine: null,
        startColumn: null,
        endColumn: null,
        title: null,
        message: `m${index}`,
        details: null,
      })
    const { output } = checkBody(anEnd(), EMPTY_JOURNAL, { ...NO_EXTRAS, annotations: all() })
    expect(output?.annotations).toHaveLength(50)
    expect(output?.summary).toContain(
      'Annotations: 72 notices; 50 at their lines; 16 more are in no list.\n\n- notice `m60`',
    )
    expect(output?.summary?.match(/^- notice/gm)).toHaveLength(6)
  })

  test.each(RUN_STATES.filter((state) => state !== 'concluded'))(
    'R-REP-05 annotations go with the end, not with %s',
    (state) => {
      const { add, all } = collectorIn('/w')
      add({
        level: 'notice',
        path: 'a.ts',
        line: 1,
        endLine: null,
        startColumn: null,
        endColumn: null,
        title: null,
        message: 'm',
        details: null,
      })
      const { output } = checkBody(aRow({ state }), EMPTY_JOURNAL, { ...NO_EXTRAS, annotations: all() })
      expect(output).not.toHaveProperty('annotations')
      expect(output?.summary).not.toContain('Annotations')
    },
  )

  test.each([
    [{}, 'Teardown: nothing had been put up.'],
    [{ teardownStarted: true }, 'Teardown: begun, and it never ended.'],
    [{ stages: [aStage('build')] }, 'Teardown: it never began.'],
    [
      { teardown: aTeardown({ verified: false, ended: 1, left: ['process 12', 'volume a|b'] }) },
      'Teardown (1s): 1 process ended; not verified, 2 left:\n\n- `process 12`\n- `volume a¦b`',
    ],
    [
      {
        teardown: aTeardown({ verified: false, left: ['x'] }),
        cleanings: [{ ...aTeardown(), at: AT, mono: 1 }],
      },
      '- `x`\n\nCleaned once more (1s): 0 processes ended; verified, nothing is left.',
    ],
  ])('R-RUN-05 what teardown found stands beside the verdict: %j', (change, text) => {
    const { output } = checkBody(anEnd(), { ...EMPTY_JOURNAL, ...change }, NO_EXTRAS)
    expect(output?.summary).toContain(text)
    expect(output?.title).toBe(PASSED.title)
  })

  test('R-RUN-07 R-REP-01 a cancelled run says what was ended, what shows it, and how its locks stand', () => {
    const by = { conclusion: 'cancelled', reason: 'cancelled', title: 'Cancelled', exitCode: 143 } as const
    const stages = [aStage('check', { outcome: 'cancelled', endedAtMs: AT, ending: ENDING })]
    const teardown = aTeardown({ ending: { ...ENDING, asked: 0, killed: 0 } })
    const journal = aJournal({ stages, teardown })
    const { output } = checkBody(anEnd({ verdict: by }), journal, { ...NO_EXTRAS, locks: 'released' })
    expect(output?.summary).toContain(
      [
        'Stage `check`: 7 processes were asked to end (TERM), 2 were still there after the grace of 10s and got KILL; all gone after 10.1s: cgroup empty and removed.',
        'Teardown (1s): no process was left to end: cgroup empty and removed; verified, nothing is left.',
        'Locks: released, no process of the run has them and no mark is left:\n\n- `r:port-1`\n- `site-hello-pr12.ci.test`',
      ].join('\n\n'),
    )
  })

  test.each([
    [{ state: 'queued' }, 'Queued'],
    [{ state: 'queued', stop: STOP }, 'Stopping: pr closed, asked by octocat'],
    [{ state: 'starting' }, 'Starting'],
    [{ state: 'running' }, 'Preparing'],
    [{ state: 'running', stop: STOP }, 'Stopping: pr closed, asked by octocat'],
    [{ state: 'tearing_down', stop: STOP }, 'Tearing down'],
  ] as const)('R-REP-01 the title of %j', (change, title) => {
    expect(checkBody(aRow(change), EMPTY_JOURNAL, NO_EXTRAS).output?.title).toBe(title)
  })

  test('R-RUN-23 a run that is kept for inspection says so', () => {
    const row = aRow({ state: 'running', stage: 'check' })
    expect(checkBody(row, aJournal({ kept: true }), NO_EXTRAS).output?.title).toBe(
      'Kept for inspection, then torn down',
    )
  })

  test.each(CONCLUSIONS)(
    'R-REP-01 the conclusion %s reaches GitHub, and the check is completed',
    (conclusion) => {
      const body = checkBody(anEnd({ verdict: { ...PASSED, conclusion } }), EMPTY_JOURNAL, NO_EXTRAS)
      expect(body).toMatchObject({ status: 'completed', conclusion })
    },
  )

  test('R-REP-01 a concluded run without a verdict is a fault, and no check without an end', () => {
    expect(() => checkBody(anEnd({ verdict: null }), EMPTY_JOURNAL, NO_EXTRAS)).toThrow(
      'Run r1 is concluded without a verdict',
    )
  })
})

describe('a report of a check', () => {
  test('R-CMD-12 offers only buttons that the door knows', () => {
    const offered = RUN_STATES.flatMap((state) => {
      const row = state === 'concluded' ? anEnd() : aRow({ state })
      return (checkBody(row, EMPTY_JOURNAL, NO_EXTRAS).actions ?? []).map(({ identifier }) => identifier)
    })
    expect([...new Set(offered)].sort()).toEqual([...BUTTONS].sort())
  })

  test('R-REP-02 is the same bytes for the same state, and its key counts up with the run', () => {
    const first = firstCheck(aRun('r1'), 'https://ci.test/runs/r1')
    expect(first).toEqual(firstCheck(aRun('r1'), 'https://ci.test/runs/r1'))
    expect(first).toMatchObject({
      key: 'check:r1:0',
      kind: 'check',
      runId: 'r1',
      terminal: false,
      installationId: 7,
    })
    expect(JSON.parse(first.body)).toMatchObject({
      status: 'queued',
      external_id: 'r1',
      details_url: 'https://ci.test/runs/r1',
    })
    expect(checkReport(anEnd({ reports: 4 }), EMPTY_JOURNAL, NO_EXTRAS)).toMatchObject({
      key: 'check:r1:4',
      terminal: true,
    })
  })

  test.each(RUN_STATES)('R-REP-05 is terminal only when the run is over: %s', (state) => {
    const row = state === 'concluded' ? anEnd() : aRow({ state })
    expect(checkReport(row, EMPTY_JOURNAL, NO_EXTRAS).terminal).toBe(state === 'concluded')
  })
})

const HOSTILE = [
  '@evil and @acme/evil',
  '#1 evil/evil#2 https://evil.example www.evil.example evil@evil.example',
  '<img src=x onerror=evil()> <!-- evil --> </details>',
  '[evil](javascript:evil) ![evil](https://evil.example/x.png)',
  'a | evil | b \\| evil \\\\| evil',
  '``` \n# evil\n```\n````` evil `evil` ``evil``',
  'evil\r\n\r\n- evil\n> evil\n    evil\n***evil***',
  '\u001b[31mevil\u001b]8;;https://evil.example\u0007\u202eevil\u200b\u0000\u009bevil',
  '&lt;evil&gt; &#64;evil $evil$ ~~evil~~ :evil:',
  'half \ud83d evil \udea2',
] as const

describe('hostile text', () => {
  test.each(HOSTILE)('R-Q-08 can do nothing in the Markdown of any state: %j', (evil) => {
    for (const state of RUN_STATES) {
      const { output } = evilBody(evil, state)
      const { kinds, loose } = markdownOf(output?.summary ?? '')
      expect(kinds.filter((kind) => !HARMLESS.has(kind))).toEqual([])
      expect(loose).not.toContain('evil')
      expectNoControls(output?.title ?? '', output?.summary ?? '')
    }
  })

  test.each(HOSTILE)('R-Q-08 does not break out of a table: %j', (evil) => {
    const summary = evilBody(evil, 'concluded').output?.summary ?? ''
    const rows = summary.split('\n').filter((line) => line.startsWith('|'))
    expect(rows).toHaveLength(4)
    expect(rows.map((row) => row.split('|').length)).toEqual([6, 6, 6, 6])
  })

  test.each(HOSTILE)('R-Q-08 is harmless in an annotation, and leads it to no other place: %j', (evil) => {
    const annotations = evilBody(evil, 'concluded').output?.annotations ?? []
    expect(annotations.length).toBeGreaterThanOrEqual(16)
    for (const { path, title, message, raw_details } of annotations) {
      expect(path).not.toMatch(/^\/|(?:^|\/)\.{1,2}(?:\/|$)|\n/)
      expectNoControls(path, title ?? '', message, raw_details ?? '')
      expect(title ?? '').not.toContain('\n')
    }
  })

  test.each(HOSTILE)('R-Q-08 does not break out of the log: %j', (evil) => {
    const text = evilBody(evil, 'running').output?.text ?? ''
    expect(markdownOf(text)).toEqual({ kinds: ['root', 'code'], loose: '' })
    expectNoControls(text)
  })

  test('the title of a run is never empty', () => {
    const body = checkBody(
      anEnd({ verdict: { ...PASSED, title: '\u200b\u001b[0m' } }),
      EMPTY_JOURNAL,
      NO_EXTRAS,
    )
    expect(body.output?.title).toBe('concluded')
  })
})

describe('limits', () => {
  const ship = '\u{1F6A2}'

  test.each([
    ['astral characters', ship.repeat(70_000)],
    ['astral characters, off by one', `x${ship.repeat(70_000)}`],
    ['long lines', `${ship.repeat(9_000)}\n`.repeat(20)],
    ['short lines', 'é\n'.repeat(200_000)],
    ['backticks', '`'.repeat(200_000)],
    ['lines of backticks', `${'`'.repeat(90)}\n`.repeat(2_000)],
    ['half characters', '\ud83d'.repeat(100_000)],
  ])('R-REP-08 title, summary and log stay within GitHub’s limits, cut between characters: %s', (_, evil) => {
    const many = Array.from({ length: 300 }, (_, index) => `${index} ${evil}`)
    const ending = { ...ENDING, left: many }
    const stages = many
      .slice(0, 200)
      .map((name) => aStage(name, { outcome: 'success', endedAtMs: AT, detail: evil, ending }))
    const teardown = aTeardown({ verified: false, left: many, ending })
    const journal = aJournal({
      planned: many,
      stages,
      teardown,
      cleanings: [{ ...teardown, at: AT, mono: 1 }],
    })
    const extras = evilExtras(evil)
    for (const state of RUN_STATES) {
      const row = {
        ...evilRow(evil, state),
        names: many,
        arguments: Object.fromEntries(many.map((key) => [key, evil])),
      }
      const { output, actions } = checkBody(row, journal, extras)
      expect(output?.title.length).toBeLessThanOrEqual(255)
      for (const text of [output?.title, output?.summary, output?.text]) {
        expect(Buffer.byteLength(text ?? '')).toBeLessThanOrEqual(65_535)
        expect(text?.isWellFormed()).toBe(true)
      }
      expect(actions?.length).toBeLessThanOrEqual(3)
      expect(output?.annotations?.length ?? 0).toBeLessThanOrEqual(50)
      for (const { title, message, raw_details } of output?.annotations ?? []) {
        expect(title?.length ?? 0).toBeLessThanOrEqual(255)
        for (const text of [message, raw_details ?? ''])
          expect(Buffer.byteLength(text)).toBeLessThanOrEqual(65_536)
      }
      for (const { label, description, identifier } of actions ?? []) {
        expect(label.length).toBeLessThanOrEqual(20)
        expect(description.length).toBeLessThanOrEqual(40)
        expect(identifier.length).toBeLessThanOrEqual(20)
      }
    }
  })

  test('R-REP-08 of a long log the end is shown, from the beginning of a line', () => {
    const log = Array.from({ length: 20_000 }, (_, index) => `line ${index} ${ship}`).join('\n')
    const lines = (
      checkBody(aRow({ state: 'running' }), EMPTY_JOURNAL, { ...NO_EXTRAS, logTail: log }).output?.text ?? ''
    ).split('\n')
    expect(lines[0]).toBe('The last lines of the log; the whole log is in the details.')
    expect(lines[3]).toMatch(/^line \d+ \u{1F6A2}$/u)
    expect(lines.at(-2)).toBe(`line 19999 ${ship}`)
    expect(lines.length).toBeGreaterThan(3_000)
  })

  test('R-REP-08 of more stages than fit, those around the last one begun are shown', () => {
    const planned = Array.from({ length: 100 }, (_, index) => `stage-${index}`)
    const stages = planned.slice(0, 60).map((name) => aStage(name, { outcome: 'success', endedAtMs: AT }))
    const summary = checkBody(anEnd(), aJournal({ planned, stages }), NO_EXTRAS).output?.summary ?? ''
    expect(summary).toContain('| `stage-59` | success')
    expect(summary).toContain('| `stage-60` | not begun')
    expect(summary).not.toContain('`stage-0`')
    expect(summary).toContain('60 more stages are in the details.')
  })
})

const FACTS = `Run \`r1\`, recipe \`hello\`, with \`size=s\`, domain \`site-hello-pr12.ci.test\`, commit \`${SHA}\`, pull request 12, asked by \`octocat\``
const STOP = { reason: 'pr_closed', by: 'octocat', atMs: 1 } as const

function aRow(change: Partial<RunRow> = {}): RunRow {
  return rowOf('r1', change)
}

function anEnd(change: Partial<RunRow> = {}): RunRow {
  return aRow({ state: 'concluded', startedAtMs: AT, concludedAtMs: AT + 60_999, verdict: PASSED, ...change })
}

function aJournal(change: Partial<Journal> = {}): Journal {
  const build = aStage('build', { outcome: 'success', endedAtMs: AT + 2_000, detail: 'exit code 0' })
  const check = aStage('check', { startedAtMs: AT + 2_000 })
  return { ...EMPTY_JOURNAL, planned: ['build', 'check', 'backup'], stages: [build, check], ...change }
}

function aStage(name: string, change: Partial<StageRecord> = {}): StageRecord {
  return {
    name,
    startedAtMs: AT,
    endedAtMs: null,
    outcome: null,
    exitCode: null,
    detail: '',
    ending: null,
    ...change,
  }
}

function aTeardown(change: Partial<TeardownReport> = {}): TeardownReport {
  return { verified: true, ended: 0, ending: null, tookMs: 1_200, left: [], ...change }
}

function evilBody(evil: string, state: RunRow['state']) {
  const ending = { ...ENDING, left: [evil] }
  const stages = [aStage(evil, { outcome: 'failure', endedAtMs: AT, detail: evil, ending })]
  const teardown = aTeardown({ verified: false, left: [evil] })
  const journal = aJournal({
    planned: [evil, 'other'],
    stages,
    teardown,
    cleanings: [{ ...teardown, at: AT, mono: 1 }],
  })
  return checkBody(evilRow(evil, state), journal, evilExtras(evil))
}

function evilRow(evil: string, state: RunRow['state']): RunRow {
  return anEnd({
    state,
    verdict: { conclusion: 'failure', reason: 'stage_failed', title: evil, exitCode: 1 },
    stop: { reason: 'cancelled', by: evil, atMs: 1 },
    waitsFor: evil,
    stage: evil,
    actor: evil,
    domain: evil,
    recipe: evil,
    names: [evil],
    arguments: { [evil]: evil },
  })
}

function evilExtras(evil: string): CheckExtras {
  return {
    ...NO_EXTRAS,
    wait: {
      place: 1,
      holder: { name: evil, run: evil, pr: 1, by: evil, sinceMs: AT },
      startsAtMs: AT,
    },
    nowMs: AT,
    locks: 'marked',
    annotations: evilAnnotations(evil),
    logTail: `${evil}\n${evil}`,
  }
}

function evilAnnotations(evil: string) {
  const { add, fault, all } = collectorIn('/w')
  for (let index = 0; index < 16; index += 1) {
    const remark = { level: 'failure', line: 1, endLine: null, startColumn: null, endColumn: null } as const
    add({
      ...remark,
      path: index < 8 ? null : evil,
      title: `${index} ${evil}`,
      message: evil,
      details: evil,
    })
    add({ ...remark, path: `src/${index}.ts`, title: evil, message: evil, details: evil })
    fault(evil)
  }
  return all()
}

const HARMLESS: ReadonlySet<string> = new Set([
  'root',
  'paragraph',
  'text',
  'inlineCode',
  'strong',
  'list',
  'listItem',
])

interface Node {
  readonly type: string
  readonly value?: string
  readonly children?: readonly Node[]
}

/** What a Markdown parser that shares nothing with the rendering sees: the kinds of nodes, and text that is in no code. */
function markdownOf(markdown: string): { readonly kinds: readonly string[]; readonly loose: string } {
  const nodes = flat(fromMarkdown(markdown))
  const loose = nodes.filter(({ type }) => type === 'text').map(({ value }) => value ?? '')
  return { kinds: nodes.map(({ type }) => type), loose: loose.join(' ') }
}

function flat(node: Node): readonly Node[] {
  return [node, ...(node.children ?? []).flatMap(flat)]
}

function expectNoControls(...texts: readonly string[]): void {
  for (const text of texts) expect(text).not.toMatch(/[^\P{C}\n\t]/u)
}
