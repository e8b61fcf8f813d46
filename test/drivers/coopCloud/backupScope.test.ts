import { describe, expect, test } from 'vitest'
import { type BackupService, backupScope } from '../../../src/drivers/coopCloud/backupScope.ts'

const STACK = 'blog-pr7_ci_example_org'

/** A service with volumes as `name:target`. */
function service(
  name: string,
  labels: Readonly<Record<string, string>>,
  ...volumes: readonly string[]
): BackupService {
  return {
    name,
    labels: Object.fromEntries(Object.entries(labels).map(([key, value]) => [`backupbot.${key}`, value])),
    volumes: volumes.map((volume) => {
      const [key = '', target = ''] = volume.split(':')
      return { name: key.startsWith('=') ? key.slice(1) : `${STACK}_${key}`, target }
    }),
  }
}

/** `service path`, with what differs from a whole volume that is restored. */
function wordsOf(...services: readonly BackupService[]): readonly string[] | undefined {
  return backupScope(STACK, services)?.items.map(({ service, path, volume, isNamed, isRestored }) =>
    [service, path, volume ?? '-', ...(isNamed ? ['named'] : []), ...(isRestored ? [] : ['kept'])]
      .join(' ')
      .replace(`${STACK}_`, ''),
  )
}

const WANTED = { backup: 'true' }

describe('R-DKR-13 what a backup copies', () => {
  test('R-DKR-13 is nothing where no service asks for it', () => {
    expect(wordsOf(service('app', {}, 'data:/data'))).toBe(undefined)
    expect(wordsOf(service('app', { backup: 'false' }, 'data:/data'))).toBe(undefined)
  })

  test('R-DKR-13 are all volumes of the stack, those of services without labels too, each once', () => {
    expect(
      wordsOf(
        service('app', WANTED, 'data:/data', 'shared:/shared'),
        service('db', {}, 'db:/var/lib/db', 'shared:/mnt'),
        service('cache', { backup: 'false' }, 'cache:/cache'),
        service('other', {}, '=named-by-itself:/x'),
      ),
    ).toEqual(['app /data data', 'app /shared shared', 'db /var/lib/db db', 'other /x named-by-itself'])
  })

  test('R-DKR-13 are only the named parts of a volume, never above it, and none of one that is left out, whoever says so', () => {
    expect(
      wordsOf(
        service(
          'app',
          {
            ...WANTED,
            'backup.volumes.db.path': 'dump.sql, more/of it,../../etc',
            'backup.volumes.cache': 'false',
          },
          'data:/data',
        ),
        service('db', {}, 'db:/var/lib/db', 'cache:/cache'),
      ),
    ).toEqual([
      'app /data data',
      'db /var/lib/db/dump.sql db named',
      'db /var/lib/db/more/of it db named',
      'db /var/lib/db/etc db named',
    ])
  })

  test('R-DKR-13 by the first version are the paths that each service names, and the volumes of those alone that ask', () => {
    expect(
      wordsOf(
        service('app', { ...WANTED, 'backup.path': '/var/www/../b,/tmp/dump' }, 'data:/data'),
        service('db', WANTED, 'db:/var/lib/db'),
        service('search', {}, 'index:/index'),
      ),
    ).toEqual(['app /var/b - named', 'app /tmp/dump - named', 'db /var/lib/db db'])
  })

  test('R-DKR-13 R-DKR-07 says what is not to be restored, and has the hooks of those that take part', () => {
    const services = [
      service('app', { ...WANTED, restore: 'false', 'backup.pre-hook': 'one' }, 'data:/data'),
      service('db', { backup: 'false', 'backup.pre-hook': 'two' }),
      service('web', { 'restore.post-hook': 'three' }),
    ]
    expect(wordsOf(...services)).toEqual(['app /data data kept'])
    const hooks = [...(backupScope(STACK, services)?.hooks ?? [])]
    expect(hooks.map(([name, { preBackup, postRestore }]) => [name, preBackup, postRestore])).toEqual([
      ['app', 'one', null],
      ['web', null, 'three'],
    ])
  })
})
