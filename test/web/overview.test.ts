import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { NameLook } from '../../src/lock/look.ts'
import { courseOf } from '../../src/web/course.ts'
import { laneMatches } from '../../src/web/filter.ts'
import { lanesOf } from '../../src/web/lanes.ts'
import { aRow, PASSED } from '../store/samples.ts'
import { type Scene, startScene } from './scene.ts'
import { startShowcase } from './showcase.ts'

const MINUTE_MS = 60_000
const NOW_MS = 100 * MINUTE_MS

describe('the course of a name', () => {
  const held = aLook('a.test', { state: 'busy', run: 'h', sinceMs: NOW_MS - 4 * MINUTE_MS, pids: [1] })
  const first = aRow('w1', { names: ['a.test'] })
  const second = aRow('w2', { names: ['a.test'] })
  const startsAt = (minutes: number) => ({ place: 1, holder: null, startsAtMs: NOW_MS + minutes * MINUTE_MS })

  test('R-OBS-03 shows what has ended there, who has it, who is next and when, cut to one scale', () => {
    const over = {
      startedAtMs: NOW_MS - 30 * MINUTE_MS,
      concludedAtMs: NOW_MS - 8 * MINUTE_MS,
      verdict: PASSED,
    }
    const waits = new Map([
      ['w1', startsAt(2)],
      ['w2', startsAt(4)],
    ])
    const lanes = lanesOf([held], [first, second])
    const course = courseOf({
      lanes,
      concluded: [aRow('old', { names: ['a.test'], ...over })],
      waits,
      nowMs: NOW_MS,
    })
    const minutes = (course.spans.get('a.test') ?? []).map(({ kind, run, fromMs, toMs }) => [
      kind,
      run,
      (fromMs - NOW_MS) / MINUTE_MS,
      (toMs - NOW_MS) / MINUTE_MS,
    ])
    expect(minutes).toEqual([
      ['ended', 'old', -10, -8],
      ['held', 'h', -4, 0],
      ['expected', 'h', 0, 2],
      ['waiting', 'w1', 2, 4],
      ['waiting', 'w2', 4, 5],
    ])
  })

  test('R-OBS-03 one name that has stood for a week does not make the minutes of the others too small to see', () => {
    const dirty = aLook('z.test', { state: 'dirty', run: 'd', sinceMs: NOW_MS - 10_000 * MINUTE_MS })
    const many = Array.from({ length: 9 }, (_, index) => ({ ...held, name: `${index}.test` }))
    const course = courseOf({
      lanes: lanesOf([...many, dirty], []),
      concluded: [],
      waits: new Map(),
      nowMs: NOW_MS,
    })
    expect(course.nowMs - course.fromMs).toBe(10 * MINUTE_MS)
    expect(course.spans.get('z.test')).toMatchObject([{ kind: 'left', fromMs: course.fromMs, toMs: NOW_MS }])
  })
})

test('R-OBS-03 names are found by their own words and by those of who has them or waits for them', () => {
  const runs = new Map([['w1', { recipe: 'hello', repository: 'acme/site', pr: 12 }]])
  const [lane] = lanesOf([aLook('a.test', { state: 'free' })], [aRow('w1', { names: ['a.test'] })])
  const finds = (query: string) => lane !== undefined && laneMatches(query, runs)(lane)
  expect(['', 'A.TEST', 'acme #12', 'w1', 'hello  free'].filter(finds)).toHaveLength(5)
  expect(['b.test', 'acme #13', 'a.test nobody'].some(finds)).toBe(false)
})

test('R-OBS-03 of a thousand names in use a page shows those that need a look, and all where one asks for them', async () => {
  const looks = Array.from({ length: 1_000 }, (_, n) =>
    aLook(`d${n}.test`, n === 999 ? { state: 'blocked' } : { state: 'busy', sinceMs: 1, pids: [1] }),
  )
  await using scene = await startScene((world) => ({ ...world, names: () => looks }))
  const lanesIn = async (path: string) =>
    [...(await scene.get(path)).text.matchAll(/<li class="lane"[\s\S]*?<span class="name">([^<]+)/g)].map(
      ([, name]) => name,
    )
  const shown = await lanesIn('/')
  expect([shown.length, shown[0]]).toEqual([50, 'd999.test'])
  expect((await scene.get('/')).text).toContain('<a href="?q=&amp;all=yes">Show all 1000</a>')
  expect(await lanesIn('/?all=yes')).toHaveLength(1_000)
  expect(await lanesIn('/?q=d77.test')).toEqual(['d77.test'])
  expect(await lanesIn(`/?q=${encodeURIComponent('"><script>')}`)).toEqual([])
  expect((await scene.get(`/?q=${encodeURIComponent('"><script>')}`)).text).toContain(
    'value="&quot;&gt;&lt;script&gt;"',
  )
})

describe('a busy service', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = (await startShowcase()).scene
  })
  afterAll(() => scene[Symbol.asyncDispose]())

  test('R-OBS-03 the queue says places, who holds what and about when each starts; free names are folded', async () => {
    const { text } = await scene.get('/')
    expect(text).toMatch(/Place 2 for its names, held for octocat since <time/)
    expect(text).toMatch(/<td>about <time/)
    expect(text).toMatch(/<details class="idle" data-key="idle"><summary>30 free<\/summary>/)
    expect(text).toMatch(/likely to start at <time/)
  })

  test('R-JAN-06 R-OBS-03 the last sweeps are on a page with what was done and why; one that cannot be read hides none', async () => {
    const { text } = await scene.get('/sweeps')
    expect(text).toMatch(/something is left[\s\S]*1 <span class="state" data-state="blocked">/)
    expect(text).toMatch(
      /<code>site-hello-pr9.ci.test<\/code>[\s\S]*<td>left<\/td>[\s\S]*process 4711 \(node\) is still there/,
    )
    expect(text.match(/<details class="sweep"/g)).toHaveLength(4)
    expect((await scene.get('/')).text).toMatch(/last sweep<\/a> 5m\S* ago: something is left/)
  })

  test('R-Q-05 R-CMD-09 R-OBS-03 limits and switches are on a page, with what each bounds and what is off', async () => {
    const { text } = await scene.get('/limits')
    expect(text).toMatch(/<code>perActorPerHour<\/code><\/td><td>20<\/td>/)
    expect(text).toMatch(/<code>crashPauseMs<\/code><\/td><td>1h<\/td>/)
    expect(text).toMatch(/<code>outbox<\/code><\/td><td><span class="state" data-state="failure">off</)
    expect(text).toMatch(/<code>reap<\/code><\/td><td><span class="state" data-state="success">on</)
    expect(text).toContain('20 of 20')
    expect(text).toContain('The changed configuration is not in force')
  })

  test('R-OBS-03 the library’s style sheet is there under the name that ours imports it by, and may be kept for ever', async () => {
    const own = (await scene.get('/assets/style.css')).text
    const { status, headers, text } = await scene.get(`/assets/${/@import url\("([^"]+)"\)/.exec(own)?.[1]}`)
    expect({ status, type: headers.get('content-type'), cache: headers.get('cache-control') }).toEqual({
      status: 200,
      type: 'text/css; charset=utf-8',
      cache: 'public, max-age=31536000, immutable',
    })
    expect(text).toContain('Pico CSS')
  })
})

function aLook(name: string, change: Partial<NameLook>): NameLook {
  return { name, state: 'free', run: null, sinceMs: null, pids: [], waiters: [], hold: null, ...change }
}
