import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, vi } from 'vitest'
import { levelOf } from '../src/model/level.ts'
import { parseJournal } from '../src/model/readJournal.ts'
import { BERTH_LABELS } from '../src/model/stackObjects.ts'
import { textOf } from '../test-concurrency/fixtures/records.ts'
import type { Run } from '../test-concurrency/fixtures/run.ts'
import { GATE, type World } from '../test-concurrency/fixtures/world.ts'
import { type CoopVersion, commitVersion, coopRecipe, runEnds } from './fixtures/coopCloud.ts'
import { IMAGE } from './fixtures/images.ts'
import { docker, lines } from './fixtures/raw.ts'
import { OBEDIENT } from './fixtures/stackFile.ts'
import { type Stacks, test, type Work } from './fixtures/stacks.ts'
import { until } from './fixtures/until.ts'

/** Many runs, one after the other, each with a stack of its own. */
vi.setConfig({ testTimeout: 900_000 })

const COOP = { 'coop-cloud': true }
const DEPLOY: Work = { deploy: {} }
const BACKUP: Work = { backup: {} }
const RESTORE: Work = { restore: {} }

function inApp(run: string): Work {
  return { exec: { service: 'app', run } }
}

/** A run of the stages on the recipe with this version of itself, to its end with this code. */
async function runOf(
  world: World,
  stacks: Stacks,
  word: string,
  version: Partial<CoopVersion>,
  stages: Readonly<Record<string, Work>>,
  code: number,
): Promise<Run> {
  const name = stacks.name(word)
  world.recipe(name)
  stacks.write(name, { stack: COOP, stages })
  commitVersion(world, coopRecipe({ version: '1.0.0+1.0.0', ...version }))
  const run = await world.run(name)
  await runEnds(run, code)
  return run
}

/** How each stage ended, with its words. */
function endsOf(run: Run): Readonly<Record<string, string>> {
  const ends = run.journal().filter(({ event }) => event === 'stage.ended')
  return Object.fromEntries(ends.map(({ name, outcome, detail }) => [name, `${outcome}: ${detail}`]))
}

function logOf(run: Run, log: string): string {
  return readFileSync(join(run.folder, 'stages', log), 'utf8')
}

/** A database: what is dumped before is loaded after. Dollars as compose wants them. */
const DATABASE = `
  db:
    image: ${IMAGE}
    command: ["sh", "-c", "trap 'exit 0' TERM; test -s /db/live || echo initial >/db/live; while :; do sleep 3600 & wait; done"]
    volumes:
      - db:/db
    networks:
      - internal
    deploy:
      labels:
        backupbot.backup.volumes.db.path: dump.sql
        backupbot.backup.pre-hook: 'sh -c "cat /db/live >/db/dump.sql"'
        backupbot.backup.post-hook: busybox rm /db/dump.sql
        backupbot.restore.post-hook: 'cat /db/dump.sql >/db/live && busybox rm /db/dump.sql'
`

/** The recipe with a second volume, which its other service has. */
function withDatabase(files: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return {
    ...files,
    'compose.yml': files['compose.yml']?.replace('\nvolumes:\n', '\nvolumes:\n  db:\n') ?? '',
  }
}

describe('R-DKR-13 a backup by the labels, and its restore', () => {
  test('R-DKR-07 R-DKR-13 brings a volume, links and rights included, and a dump back after all data was lost', async ({
    world,
    stacks,
  }) => {
    const name = stacks.name('notes')
    world.recipe(name)
    const write = [
      'echo mine >/data/it; busybox mkdir /data/sub; echo deep >/data/sub/it; busybox chmod 0640 /data/sub/it',
      'busybox chown 33:44 /data/sub/it; busybox ln -s /etc/passwd /data/link; busybox mkfifo /data/pipe',
      'busybox mknod /data/device c 1 3; busybox ln /data/it /data/other',
    ].join('; ')
    const check = [
      'test "$(cat /data/it)" = mine; test "$(cat /data/sub/it)" = deep',
      'test "$(busybox stat -c %a:%u:%g /data/sub/it)" = 640:33:44',
      'test "$(busybox readlink /data/link)" = /etc/passwd; test -p /data/pipe; test -c /data/device',
      'test ! -e /data/later; cat /run/began',
    ].join('; ')
    stacks.write(name, {
      stack: COOP,
      stages: {
        deploy: DEPLOY,
        write: inApp(write),
        change: { exec: { service: 'db', run: 'echo changed >/db/live' } },
        backup: BACKUP,
        later: inApp('test ! -e /db; echo later >/data/later'),
        restore: RESTORE,
        check: inApp(check),
        live: { exec: { service: 'db', run: 'test "$(cat /db/live)" = changed; test ! -e /db/dump.sql' } },
      },
    })
    const began = 'if test -e /data/it; then echo with >/run/began; else echo without >/run/began; fi; '
    const command = `${began}trap 'exit 0' TERM; while :; do sleep 3600 & wait; done`
    const files = coopRecipe({
      version: '1.0.0+1.0.0',
      labels: ['backupbot.backup=true'],
      services: DATABASE,
      command,
    })
    commitVersion(world, withDatabase(files))
    const run = await world.run(name)
    await runEnds(run, 0)
    expect(endsOf(run)).toMatchObject({
      backup: 'success: 3 files, 18B',
      restore: 'success: the backup of stage backup is back',
    })
    // The app has begun anew with its data; the database was told by its hook.
    expect(logOf(run, '07-check.log')).toBe('with\n')
    expect(logOf(run, '06-restore.log')).toMatch(/^volume .*_data is lost$/m)
    expect(logOf(run, '06-restore.log').match(/^.* begins anew with its data$/gm)).toEqual([
      'app begins anew with its data',
    ])
    const folder = join(run.folder, 'stack/backups/backup')
    expect(readdirSync(folder)).toEqual(['0.tar', '1.tar'])
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    expect(statSync(join(folder, '0.tar')).mode & 0o777).toBe(0o600)
    expect(stacks.left()).toEqual([])
  })

  test('R-DKR-13 of the first version of the labels copies the paths that they name', async ({
    world,
    stacks,
  }) => {
    const labels = [
      'backupbot.backup=true',
      'backupbot.backup.pre-hook=cat /data/it >/tmp/dump',
      'backupbot.backup.path=/tmp/dump',
      'backupbot.restore=true',
      'backupbot.restore.post-hook=cat /tmp/dump >/data/it',
    ]
    const run = await runOf(
      world,
      stacks,
      'first',
      { labels },
      {
        deploy: DEPLOY,
        write: inApp('echo mine >/data/it'),
        backup: BACKUP,
        restore: RESTORE,
        check: inApp('test "$(cat /data/it)" = mine'),
      },
      0,
    )
    expect(endsOf(run)).toMatchObject({ backup: 'success: 1 files, 5B', check: 'success: exit code 0' })
  })

  /** Two deploys, and a server that is lost between them. */
  const LONG_MS = 120_000
  const WANTED = 'backupbot.backup=true'
  const DUMP = 'backupbot.backup.volumes.data.path=dump.sql'
  const EMPTY: readonly (readonly [string, readonly string[], string, RegExp])[] = [
    ['without labels', [], 'true', /^failure: no service says backupbot.backup=true/],
    [
      'of a volume that is empty',
      [WANTED],
      'true',
      /^failure: the backup is empty: nothing is in \/data of app$/,
    ],
    ['of files that are empty', [WANTED], 'touch /data/a', /^failure: the backup is empty/],
    [
      'of a dump that is empty, whatever else there is',
      [WANTED, DUMP, 'backupbot.backup.pre-hook=touch /data/dump.sql'],
      'echo mine >/data/it',
      /^failure: the backup is empty: \/data\/dump.sql of app holds nothing$/,
    ],
    [
      'of a dump that is not there',
      [WANTED, DUMP],
      'true',
      /^failure: \/data\/dump.sql of app cannot be copied: it is not there$/,
    ],
    [
      'whose dump fails in the middle of a pipe',
      [WANTED, 'backupbot.backup.pre-hook=(echo part; false) | cat >/data/dump.sql'],
      'true',
      /^failure: backup.pre-hook of app: exit code 1$/,
    ],
    [
      'of a link to a file, where a label wants a path',
      [WANTED, DUMP],
      'busybox ln -s /motd /data/dump.sql',
      /^failure: \/data\/dump.sql of app cannot be copied: /,
    ],
    [
      'of nothing, by the labels',
      [WANTED, 'backupbot.backup.volumes.data=false'],
      'true',
      /^failure: the labels leave nothing/,
    ],
    [
      'that is larger than what is kept',
      [WANTED],
      'busybox truncate -s 2G /data/sparse',
      /^failure: \/data of app cannot be copied: with the rest of it there is more than a stage copies$/,
    ],
  ]
  test('R-DKR-13 is red where it leaves nothing that could be restored, and every such way is named', async ({
    world,
    stacks,
  }) => {
    for (const [index, [what, labels, write, words]] of EMPTY.entries()) {
      const stages = { deploy: DEPLOY, write: inApp(write), backup: BACKUP }
      const run = await runOf(world, stacks, `empty${index}`, { labels }, stages, 1)
      expect(endsOf(run)['backup'], what).toMatch(words)
      expect(run.result(), what).toMatchObject({ conclusion: 'failure', verified: true })
      if (write.includes('sparse')) expect(existsSync(join(run.folder, 'stack/backups/backup'))).toBe(false)
    }
  })

  test('R-DKR-13 is red where all was there without it', async ({ world, stacks }) => {
    const command = 'echo same >/data/it; exec sleep 3600'
    const labels = [WANTED]
    const stages = { deploy: DEPLOY, backup: BACKUP, restore: RESTORE }
    const same = await runOf(world, stacks, 'same', { labels, command }, stages, 1)
    expect(endsOf(same)['restore']).toMatch(/^failure: the restore has changed nothing/)
  })

  test('R-DKR-10 a cancel in the middle of a restore ends its hook with its container, and leaves nothing', async ({
    world,
    stacks,
  }) => {
    const name = stacks.name('middle')
    world.recipe(name)
    stacks.write(name, {
      stack: COOP,
      stages: { deploy: DEPLOY, write: inApp('echo mine >/data/it'), backup: BACKUP, restore: RESTORE },
    })
    const hook = 'backupbot.restore.post-hook=echo it is back; sleep 600'
    commitVersion(world, coopRecipe({ version: '1.0.0+1.0.0', labels: [WANTED, hook] }))
    const run = await world.run(name)
    const log = join(run.folder, 'stages/04-restore.log')
    await until('the hook', () => textOf(log).includes('\nit is back'), LONG_MS)
    run.cli.kill('SIGINT')
    await runEnds(run, 130)
    expect(endsOf(run)['restore']).toMatch(/^cancelled: /)
    expect(run.result()).toMatchObject({ verified: true })
    expect(stacks.left()).toEqual([])
  })

  test('R-DKR-05 R-DKR-10 a stack whose run process dies while it stands still is taken down all the same', async ({
    world,
    stacks,
  }) => {
    const name = stacks.name('still')
    const wait = world.gate('wait')
    world.recipe(name)
    stacks.write(name, { stack: COOP, stages: { deploy: DEPLOY, wait: { run: `${GATE} wait` } } })
    commitVersion(world, coopRecipe({ version: '1.0.0+1.0.0' }))
    const run = await world.run(name)
    await wait.reached()
    docker('pause', ...lines('ps', '--quiet', '--filter', `label=${BERTH_LABELS.run}=${run.id}`))
    process.kill(run.conductor().pid, 'SIGKILL')
    expect(await run.concluded()).toMatchObject({ conclusion: 'failure', verified: true })
    expect(stacks.left()).toEqual([])
  })

  test('R-DKR-07 R-DKR-11 R-DKR-13 the driver compose upgrades, backs up and restores in the same way', async ({
    world,
    stacks,
  }) => {
    const name = stacks.name('alone')
    world.recipe(name)
    const files = (content: string) => {
      const app = {
        image: IMAGE,
        command: ['sh', '-c', OBEDIENT.replaceAll('$', '$$$$')],
        environment: { CONTENT: content },
        volumes: ['data:/data'],
        labels: { 'backupbot.backup': 'true' },
      }
      return { 'compose.yml': JSON.stringify({ services: { app }, volumes: { data: {} } }) }
    }
    commitVersion(world, files('released'), '1.0.0')
    commitVersion(world, files('changed'))
    const stages = {
      released: { deploy: { version: 'released' } },
      write: inApp('test "$CONTENT" = released; echo mine >/data/it'),
      upgrade: DEPLOY,
      kept: inApp('test "$CONTENT" = changed; test "$(cat /data/it)" = mine'),
      backup: BACKUP,
      later: inApp('echo later >/data/later'),
      restore: RESTORE,
      check: inApp('test "$CONTENT" = changed; test "$(cat /data/it)" = mine; test ! -e /data/later'),
    }
    stacks.write(name, { stages, more: { driver: 'compose' } })
    const run = await world.run(name)
    await runEnds(run, 0)
    expect(endsOf(run)).toMatchObject({
      upgrade: 'success: upgrade from 1.0.0: all of it runs',
      backup: 'success: 1 files, 5B',
      restore: 'success: the backup of stage backup is back',
    })
    expect(levelOf(parseJournal(textOf(join(run.folder, 'journal.ndjson'))))).toEqual({
      height: 1,
      rungs: {
        deploys: 'shown',
        'stays up': 'untried',
        upgrades: 'shown',
        'backs up': 'shown',
        'passes its own checks': 'shown',
      },
    })
    expect(stacks.left()).toEqual([])
  })
})
