import { appendFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeResult } from '../../src/store/result.ts'
import { type RunPaths, readJournal } from '../../src/store/runFolder.ts'
import { newRunId } from '../../src/store/runId.ts'
import { lineIndex } from '../../src/web/logIndex.ts'
import { stateReads } from '../../src/web/stateReads.ts'
import { PASSED } from '../store/samples.ts'
import { aRequest, begun, type Scene, startScene } from './scene.ts'

let scene: Scene
beforeAll(async () => {
  scene = await startScene()
})
afterAll(async () => {
  await scene[Symbol.asyncDispose]()
})

function withLog(text: string): { readonly id: string; readonly file: string; readonly run: RunPaths } {
  const id = newRunId()
  const run = scene.folder(aRequest(id), begun(1_000))
  const file = join(run.stages, '01-check.log')
  writeFileSync(file, text)
  return { id, file, run }
}

/** Numbers and texts of the lines that a page shows. */
function shown(page: string): readonly (readonly [number, string])[] {
  return [...page.matchAll(/<span class="line" id="L(\d+)"><a [^>]*><\/a>([^\n]*)/g)].map(
    ([, number, text]) => [Number(number), text ?? ''],
  )
}

const LINES = Array.from({ length: 20_000 }, (_, index) => `line ${index + 1} ${'.'.repeat(index % 60)}`)

describe('R-OBS-03 pages of a log', () => {
  test('the end is shown with its numbers; a line is shown with those around it, by its link alone', async () => {
    const { id } = withLog(`${LINES.join('\n')}\n`)
    const end = shown((await scene.get(`/runs/${id}`)).text)
    expect(end.at(-1)?.[0]).toBe(20_000)
    expect(end.length).toBe(500)
    const around = await scene.get(`/runs/${id}?log=01-check&line=7000`)
    const lines = shown(around.text)
    expect([lines[0]?.[0], lines.length]).toEqual([6_900, 500])
    expect(lines[100]).toEqual([7_000, LINES[6_999]])
    expect(around.text).toContain('data-at="L7000"')
    expect(around.text).not.toContain('data-follow')
    expect(around.text).toContain('href="?log=01-check&amp;line=7000#L7000"')
  })

  test('one pages through all of it, forwards and backwards, and misses no line', async () => {
    const { id } = withLog(LINES.slice(0, 1_700).join('\n'))
    const seen: number[] = []
    for (let url: string | null = '?log=01-check&amp;from=1'; url !== null; ) {
      const { text } = await scene.get(`/runs/${id}${url.replaceAll('&amp;', '&')}`)
      seen.push(...shown(text).map(([number]) => number))
      url = /href="([^"]*)#log"[^>]*>Later</.exec(text)?.[1] ?? null
    }
    expect(seen).toEqual(LINES.slice(0, 1_700).map((_, index) => index + 1))
    const { text } = await scene.get(`/runs/${id}?log=01-check&from=1501`)
    expect(text).toContain('href="?log=01-check&amp;from=1001#log" data-in-place>Earlier<')
  })

  test('a line that is not there, or no number, shows the end', async () => {
    const { id } = withLog('one\ntwo\n')
    for (const line of ['3', '0', '-1', 'x', '99999999999'])
      expect(shown((await scene.get(`/runs/${id}?log=01-check&line=${line}`)).text)).toEqual([
        [1, 'one'],
        [2, 'two'],
      ])
  })

  test('a line that is larger than a page does not stop who pages on', async () => {
    const { id } = withLog(`a\n${'x'.repeat(600_000)}\nb\n`)
    const { text } = await scene.get(`/runs/${id}?log=01-check&from=2`)
    expect(text).toContain('from=3#log" data-in-place>Later<')
    expect(shown((await scene.get(`/runs/${id}?log=01-check&from=3`)).text)).toEqual([[3, 'b']])
  })

  test('lines are counted anew where another file has come into the place', async () => {
    const { id, file } = withLog('1\n2\n3\n')
    const index = lineIndex(stateReads(scene.state).readLog)
    expect(await index.byteOf(id, '01-check', 3)).toBe(4)
    const other = `${file}.new`
    writeFileSync(other, 'longer\n'.repeat(4))
    rmSync(file)
    writeFileSync(file, 'longer\n'.repeat(4))
    rmSync(other)
    expect(await index.byteOf(id, '01-check', 3)).toBe(14)
    expect(await index.lineAt(id, '01-check', 14)).toBe(3)
    appendFileSync(file, 'more\n')
    expect(await index.lineAt(id, '01-check', 33)).toBe(6)
  })
})

describe('R-OBS-03 search within a log', () => {
  test('finds a text in any case and between colour codes, harmless, with a link to its line', async () => {
    const { id } = withLog(
      'one\n\u001b[31mEr\u001b[1mror\u001b[0m: <b>disk</b> full\nthree\nan error again\n',
    )
    const { text } = await scene.get(`/runs/${id}?log=01-check&find=error`)
    expect(text).toContain('<q>error</q>: 2 lines.')
    expect(text).toContain('<a href="?log=01-check&amp;line=2#L2" data-in-place>2</a>')
    expect(text).toContain('<mark>Error</mark>: &lt;b&gt;disk&lt;/b&gt; full')
    expect(text).toContain('an <mark>error</mark> again')
  })

  test('takes what is looked for as text: nothing in it is a pattern, and none is none', async () => {
    const { id } = withLog('a.c\nabc\n')
    expect((await scene.get(`/runs/${id}?log=01-check&find=a.c`)).text).toContain('1 line.')
    const { text } = await scene.get(`/runs/${id}?log=01-check&find=${encodeURIComponent('(a+)+$<script>')}`)
    expect(text).toContain('No line has it.')
    expect(text).toContain('value="(a+)+$&lt;script&gt;"')
  })

  test('of many it shows some, and goes on from there', async () => {
    const { id } = withLog(`${LINES.join('\n')}\n`)
    const first = (await scene.get(`/runs/${id}?log=01-check&find=line+19`)).text
    expect(first).toContain('100 lines so far.')
    const next = /href="([^"]*)#log"[^>]*>Search on from line (\d+)</.exec(first)
    expect(next?.[2]).toBe('1989')
    const second = (await scene.get(`/runs/${id}${next?.[1]?.replaceAll('&amp;', '&')}`)).text
    expect(second).toContain('>1989</a>')
  })
})

describe('R-OBS-03 a log that is followed', () => {
  test('comes line by line from a place on, goes on after a break, and ends with its run', async () => {
    const { id, file, run } = withLog('one\n')
    using first = await follow(`${scene.url}/runs/${id}/logs/01-check/events?from=0&line=1`)
    expect(first.type).toBe('text/event-stream; charset=utf-8')
    expect(await first.next()).toMatchObject({ id: '4:2', data: expect.stringContaining('one\n') })
    appendFileSync(file, 'tw')
    expect(await first.next()).toMatchObject({ id: '6:2', data: expect.stringContaining('id="L2"') })
    appendFileSync(file, 'o <b>\nthree\n')
    const { id: place, data } = await first.next()
    expect(place).toBe('18:4')
    expect(data).toContain('o &lt;b&gt;')
    using second = await follow(`${scene.url}/runs/${id}/logs/01-check/events`, { 'last-event-id': '6:2' })
    expect(await second.next()).toMatchObject({ id: '18:4', data })
    appendFileSync(
      run.journal,
      `${JSON.stringify({ at: 9_000, mono: 9_000, event: 'concluded', verdict: PASSED })}\n`,
    )
    writeResult(run, aRequest(id), readJournal(run))
    expect([(await first.next()).event, (await second.next()).event]).toEqual(['over', 'over'])
    expect(await first.ended()).toBe(true)
  })

  test.each(['/runs/ID/logs/none/events', '/runs/0000000000000000/logs/01-check/events'])(
    '%s is not there',
    async (path) => {
      const { id } = withLog('x\n')
      expect((await scene.get(path.replace('ID', id))).status).toBe(404)
    },
  )

  test('a place that is none is refused', async () => {
    const { id } = withLog('x\n')
    expect((await scene.get(`/runs/${id}/logs/01-check/events?from=-1`)).status).toBe(400)
  })
})

test('R-OBS-03 R-Q-08 a log can be kept as a file, under a name that nothing takes for something else', async () => {
  const id = newRunId()
  const { stages } = scene.folder(aRequest(id), begun(1_000))
  writeFileSync(join(stages, '01-a"; x=é.log'), '\u001b[31mred\u001b[0m\n')
  const { headers, text } = await scene.get(`/runs/${id}/logs/${encodeURIComponent('01-a"; x=é')}?download`)
  expect(headers.get('content-disposition')).toBe(`attachment; filename="${id}-01-a___x__.log"`)
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(headers.get('content-type')).toBe('text/plain; charset=utf-8')
  expect(text).toBe('red\n')
})

interface Following extends Disposable {
  readonly type: string | null
  /** The next event; comments and those without data are passed over. */
  next(): Promise<{ readonly id: string; readonly event: string; readonly data: string }>
  ended(): Promise<boolean>
}

async function follow(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Following> {
  const gone = new AbortController()
  const response = await fetch(url, { headers, signal: gone.signal })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  if (reader === undefined) throw new Error('there is no body')
  let text = ''
  return {
    type: response.headers.get('content-type'),
    async next() {
      for (;;) {
        const end = text.indexOf('\n\n')
        if (end === -1) {
          const { value, done } = await reader.read()
          if (done) throw new Error('the stream has ended')
          text += value
          continue
        }
        const event = text.slice(0, end)
        text = text.slice(end + 2)
        const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, 'm').exec(event)?.[1] ?? ''
        if (/^data:/m.test(event)) {
          const data = field('data')
          return { id: field('id'), event: field('event'), data: data === '' ? '' : JSON.parse(data) }
        }
      }
    },
    ended: async () => (await reader.read()).done,
    [Symbol.dispose]: () => gone.abort(),
  }
}
