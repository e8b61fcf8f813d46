import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { killAll } from './fixtures/crash.ts'
import { HAS_STRACE, IS_ROOT } from './fixtures/needs.ts'
import { oldRun } from './fixtures/past.ts'
import { outputOf, type Started } from './fixtures/started.ts'
import { test } from './fixtures/test.ts'
import { BERTH, GATE, SITE, type World } from './fixtures/world.ts'

const NAME = 'app-1.ci.localhost'

interface Found {
  readonly what: string
  readonly name: string
  readonly action: string
  readonly why: string
}

describe('a sweep', () => {
  test('R-JAN-07 R-LCK-12 case 24: with no descriptors left: a named error, no half state; with descriptors again, the next one does all', async ({
    world,
  }) => {
    const dead = await deadRun(world)
    const old = await oldRun(world, 'whole', 31)
    const codes: (number | null)[] = []
    for (const most of [20, 22, 24, 26, 28, 32]) {
      const janitor = world.start(['sh', '-c', `ulimit -n ${most}; exec "$0" janitor`, BERTH])
      const { code } = await janitor.ended()
      codes.push(code)
      if (code !== 0 && code !== 10) expect(janitor.output(), `with ${most} descriptors`).not.toBe('')
    }
    expect(codes[0], `of ${codes}`).not.toBe(0)
    await world.berth('janitor').ended()
    await world.berth('janitor').endedWith(0)
    expect(world.judge()).toMatchObject({ marks: {}, open: [] })
    expect(existsSync(old.folder)).toBe(false)
    expect(dead.count('concluded')).toBe(1)
    expect(readdirSync(join(world.state, 'runs'))).toEqual([dead.id])
  })

  test('R-JAN-07 R-LCK-12 case 24: folders of the state that have vanished are made again, and the rest is swept', async ({
    world,
  }) => {
    const dead = await deadRun(world)
    for (const folder of ['tickets', 'mirrors', 'holds', 'open'])
      rmSync(join(world.state, folder), { recursive: true })
    await world.berth('janitor').endedWith(10)
    expect(world.judge()).toMatchObject({ marks: {}, open: [] })
    expect(dead.result()).toMatchObject({ verified: true })
    rmSync(join(world.state, 'runs'), { recursive: true })
    await world.berth('janitor').endedWith(0)
  })

  test('R-JAN-07 R-LCK-11 case 24: the folder of a run that is dead has vanished: its name is left, and said why; others are cleaned', async ({
    world,
  }) => {
    const [gone, dead] = [await deadRun(world, '1'), await deadRun(world, '2')]
    renameSync(gone.folder, join(world.root, 'gone'))
    const found = findings(await outputOf(world.berth('janitor', '--json'), 1))
    expect(found).toEqual([
      expect.objectContaining({ name: NAME, action: 'left', why: expect.stringContaining('is gone') }),
      expect.objectContaining({ name: 'app-2.ci.localhost', action: 'cleaned' }),
      expect.objectContaining({ what: 'lock file', name: 'app-2.ci.localhost', action: 'removed' }),
    ])
    expect(dead.result()).toMatchObject({ verified: true })
    renameSync(join(world.root, 'gone'), gone.folder)
    await world.berth('janitor').endedWith(10)
  })
})

describe.skipIf(!HAS_STRACE)('a disk that fails (strace)', () => {
  test.concurrent.for([
    ['rename', 'EROFS'],
    ['unlink', 'EIO'],
    ['rmdir', 'ENOSPC'],
    ['fdatasync', 'EIO'],
    ['flock', 'ENOLCK'],
  ] as const)(
    'R-JAN-07 R-LCK-12 case 24: %s always fails with %s: what cannot be done is left, by name; when it works again, the next sweep does all',
    async ([call, error], { world }) => {
      const dead = await deadRun(world)
      const old = await oldRun(world, 'whole', 31)
      await world.hold('idle.ci.localhost', 'before', 'true').endedWith(0)
      const injection = ['-e', `trace=${call}`, '-e', `inject=${call}:error=${error}`]
      const janitor = world.start(['strace', '-o', '/dev/null', ...injection, BERTH, 'janitor', '--json'])
      const { code } = await janitor.ended()
      expect(janitor.output(), `ended with ${code}`).toContain(error === 'ENOLCK' ? 'errno 37' : error)
      expect([1, 70], janitor.output()).toContain(code)
      const again = world.berth('janitor', '--quiet')
      expect([0, 10]).toContain((await again.ended()).code)
      expect(again.output(), 'nobody has to look').toBe('')
      await world.berth('janitor').endedWith(0)
      expect(await outputOf(world.berth('janitor'))).toBe('Nothing was left.\n')
      expect(existsSync(old.folder)).toBe(false)
      expect([dead.count('concluded'), world.judge().open]).toEqual([1, []])
    },
  )
})

describe.skipIf(!IS_ROOT)('a disk (as root)', () => {
  test('R-JAN-06 R-LCK-12 case 24: that takes nothing: a sweep is refused by name, a dry run looks all the same', async ({
    world,
  }) => {
    await deadRun(world)
    const readOnly = 'mount --bind "$0" "$0"; mount -o remount,bind,ro "$0"; exec "$@"'
    const janitor = (...words: readonly string[]): Started =>
      world.start(['unshare', '-m', 'sh', '-euc', readOnly, world.state, BERTH, 'janitor', ...words])
    const refused = janitor()
    await refused.endedWith(70)
    expect(refused.output()).toMatch(/^berth: .*janitor\.lock cannot be opened \(EROFS/)
    const found = findings(await outputOf(janitor('--dry-run', '--json'), 10))
    expect(found).toEqual([expect.objectContaining({ name: NAME, action: 'would clean' })])
    await world.berth('janitor').endedWith(10)
  })

  test('R-JAN-11 R-RUN-21 R-LCK-12 case 24: that is full: what is old goes first of all then, and the sweep after it cleans what is dirty', async ({
    world,
  }) => {
    const dead = await deadRun(world)
    const old = await oldRun(world, 'whole', 31)
    writeFileSync(join(old.folder, 'artifacts', 'large'), Buffer.alloc(2_000_000, 1))
    const copy = join(world.root, 'copy')
    const small = `mount -t tmpfs -o size=16m,mode=711 berth "$1"; cp -a "$0/." "$1"; cat /dev/zero >"$1/fill" || true
      for sweep in 1 2 3; do "$2" janitor --json || echo "exit $?"; done; cp -a "$1/runs" "$3"; ls -A "$1/open"`
    const words = ['unshare', '-m', 'sh', '-uc', small, world.state, join(world.root, 'full'), BERTH, copy]
    mkdirSync(join(world.root, 'full'))
    const env = { ...world.env, BERTH_STATE_DIR: join(world.root, 'full') }
    const output = await outputOf(world.start(words, { env }))
    expect(output).toContain('"action": "pruned"')
    expect(output, 'in one of the sweeps').toMatch(/"name": "app-1.ci.localhost",\s+"action": "cleaned"/)
    expect(readdirSync(copy)).toEqual([dead.id])
    expect(output.trimEnd().split('\n').at(-1), 'no open run, and nothing was left in the end').toBe('}')
    await world.berth('janitor').endedWith(10)
  })

  test('R-RUN-01 R-JAN-01 R-LCK-12 case 24: that is full, and there is nothing old: what is dirty is cleaned all the same, by the first sweep', async ({
    world,
  }) => {
    await deadRun(world)
    const small = `mount -t tmpfs -o size=16m,mode=711 berth "$1"; cp -a "$0/." "$1"; cat /dev/zero >"$1/fill" || true
      "$2" janitor --json; echo "exit $?"; ls -A "$1/open"`
    const words = ['unshare', '-m', 'sh', '-uc', small, world.state, join(world.root, 'full'), BERTH]
    mkdirSync(join(world.root, 'full'))
    const env = { ...world.env, BERTH_STATE_DIR: join(world.root, 'full') }
    const output = await outputOf(world.start(words, { env }))
    expect(output).toMatch(/"name": "app-1.ci.localhost",\s+"action": "cleaned"/)
    expect(output.trimEnd().split('\n').at(-1), 'and no run is open').toBe('exit 10')
    await world.berth('janitor').endedWith(10)
  })

  test('R-JAN-11 R-JAN-07 that is mounted in an old run’s folder: it is not looked into, the folder is left, by name, until it is unmounted', async ({
    world,
  }) => {
    world.recipe('whole')
    const old = await oldRun(world, 'whole', 31)
    const other = await oldRun(world, 'whole', 32)
    const outside = join(world.root, 'outside')
    mkdirSync(join(old.folder, 'work/deep/place'), { recursive: true })
    mkdirSync(outside)
    writeFileSync(join(outside, 'kept'), '')
    const mounted = 'mount --bind "$0" "$1"; shift; exec "$@"'
    const place = join(old.folder, 'work/deep/place')
    const janitor = world.start([
      'unshare',
      '-m',
      'sh',
      '-euc',
      mounted,
      outside,
      place,
      BERTH,
      'janitor',
      '--json',
    ])
    const found = findings(await outputOf(janitor, 1))
    expect(found.filter(({ what }) => what === 'run folder')).toEqual([
      expect.objectContaining({ name: other.id, action: 'pruned' }),
      expect.objectContaining({ name: old.id, action: 'left', why: expect.stringContaining('EBUSY') }),
    ])
    expect(readdirSync(outside)).toEqual(['kept'])
    await world.berth('janitor').endedWith(0)
    expect(readdirSync(join(world.state, 'runs'))).toEqual([])
  })
})

function findings(json: string): readonly Found[] {
  return JSON.parse(json).findings
}

/** A run that was killed in its stage `inside`, with all that belongs to it. */
async function deadRun(world: World, pr = '1') {
  const inside = world.gate(`inside-${pr}`)
  world.recipe('dying', {
    stages: { up: `${SITE} up`, inside: `${GATE} "inside-$BERTH_PR"` },
    domain: 'app-{pr}.{base}',
  })
  world.recipe('whole')
  const dead = await world.run('dying', '--pr', pr)
  await inside.reached()
  await killAll(dead)
  return dead
}
