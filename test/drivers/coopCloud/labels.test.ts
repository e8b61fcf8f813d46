import { describe, expect, test } from 'vitest'
import { backupPlan } from '../../../src/drivers/coopCloud/backupLabels.ts'
import { deployLabels, timeoutLabel, versionLabel } from '../../../src/drivers/coopCloud/labels.ts'
import { documents, linesOf, values, WISH } from './recipes.ts'

const STACK = WISH.stackName

function labelsIn(...texts: readonly string[]) {
  const files = Object.fromEntries(texts.map((text, index) => [`compose.${index}.yml`, text]))
  return deployLabels(documents(files), values({ ENABLE: 'true' }))
}

/** A service with these labels, as a list. */
function service(name: string, ...labels: readonly string[]): string {
  return `services:\n  ${name}:\n    deploy:\n      labels:\n${labels.map((label) => `        - ${JSON.stringify(label)}\n`).join('')}`
}

const NO_HOOKS = { preBackup: null, postBackup: null, preRestore: null, postRestore: null }

describe('labels', () => {
  test('R-DKR-06 lists and maps are read alike, but compose puts variables into no key of a map', () => {
    const map =
      'services:\n  app:\n    deploy:\n      labels:\n        a: "${ENABLE}"\n        coop-cloud.${STACK_NAME}.timeout: 5\n        empty:\n'
    expect(
      labelsIn(service('app', 'a=1', 'b=x=y', 'flag'), map).map(({ key, value, line }) => [key, value, line]),
    ).toEqual([
      ['a', 'true', 5],
      ['b', 'x=y', 6],
      ['flag', '', 7],
      ['coop-cloud.${STACK_NAME}.timeout', '5', 6],
      ['empty', '', 7],
    ])
  })

  test('R-DKR-06 labels that a file merges in from its top are read', () => {
    const text =
      'x-l: &l\n  a: "1"\n  b: "2"\nservices:\n  app:\n    deploy:\n      labels:\n        <<: *l\n        b: "3"\n'
    expect(labelsIn(text).map(({ key, value }) => [key, value])).toEqual([
      ['a', '1'],
      ['b', '3'],
    ])
  })

  test("R-DKR-06 version and timeout are the app's, else any service's", () => {
    const web = service(
      'web',
      'coop-cloud.${STACK_NAME}.version=1.0.0+1',
      'coop-cloud.${STACK_NAME}.timeout=${T:-300}',
    )
    const app = service('app', 'coop-cloud.${STACK_NAME}.version=2.0.0+2', 'coop-cloud.other.timeout=1')
    expect(versionLabel(labelsIn(web), STACK)).toBe('1.0.0+1')
    expect(versionLabel(labelsIn(web, app), STACK)).toBe('2.0.0+2')
    expect(timeoutLabel(labelsIn(web, app), STACK)).toEqual({ timeoutMs: 300_000, faults: [] })
    expect(versionLabel(labelsIn(service('app', 'coop-cloud.${STACK_NAME}.version=')), STACK)).toBeNull()
    expect(timeoutLabel([], STACK)).toEqual({ timeoutMs: null, faults: [] })
  })

  test.each(['', '5m', '0', '-1', '1.5'])('R-DKR-06 a timeout of %j is a fault', (value) => {
    const { timeoutMs, faults } = timeoutLabel(
      labelsIn(service('app', `coop-cloud.\${STACK_NAME}.timeout=${value}`)),
      STACK,
    )
    expect(timeoutMs).toBeNull()
    expect(linesOf(faults)).toEqual([
      `compose.0.yml:5: coop-cloud.${STACK}.timeout: "${value}" is no number of seconds`,
    ])
  })
})

describe('backup labels', () => {
  test('R-DKR-06 the first version: flags and paths of each service, hooks before and after', () => {
    const db = service(
      'db',
      'backupbot.backup=${ENABLE}',
      'backupbot.backup.pre-hook=sh -c "mysqldump -p\\"$$(cat /run/secrets/x)\\" > /tmp/a.sql"',
      'backupbot.backup.post-hook=rm /tmp/a.sql',
      'backupbot.backup.path=/tmp/a.sql, /var/b',
      'backupbot.restore=true',
      'backupbot.restore.pre-hook=stop',
      'backupbot.restore.post-hook=start=now',
    )
    expect(backupPlan(labelsIn(db, service('app', 'traefik.enable=true')))).toEqual({
      isWanted: true,
      services: [
        {
          service: 'db',
          backup: true,
          restore: true,
          hooks: {
            preBackup: 'sh -c "mysqldump -p\\"$(cat /run/secrets/x)\\" > /tmp/a.sql"',
            postBackup: 'rm /tmp/a.sql',
            preRestore: 'stop',
            postRestore: 'start=now',
          },
          paths: ['/tmp/a.sql', '/var/b'],
          volumes: [],
        },
      ],
    })
  })

  test('R-DKR-06 the second version: one flag for the stack, volumes left out or cut to paths', () => {
    const plan = backupPlan(
      labelsIn(
        service('app', 'backupbot.backup=true', 'backupbot.backup.volumes.cache=false'),
        service('db', 'backupbot.backup.volumes.db.data.path=backup.sql,wal', 'backupbot.restore.post-hook='),
      ),
    )
    expect(plan).toEqual({
      isWanted: true,
      services: [
        {
          service: 'app',
          backup: true,
          restore: null,
          hooks: NO_HOOKS,
          paths: [],
          volumes: [{ volume: 'cache', backup: false, paths: [] }],
        },
        {
          service: 'db',
          backup: null,
          restore: null,
          hooks: NO_HOOKS,
          paths: [],
          volumes: [{ volume: 'db.data', backup: true, paths: ['backup.sql', 'wal'] }],
        },
      ],
    })
  })

  test('R-DKR-06 a stack whose labels say false, or nothing, wants no backup', () => {
    expect(backupPlan(labelsIn(service('app', 'backupbot.backup=false')))).toMatchObject({ isWanted: false })
    expect(backupPlan([])).toEqual({ isWanted: false, services: [] })
  })
})
