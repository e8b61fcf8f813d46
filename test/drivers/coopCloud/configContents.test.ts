import { describe, expect, test } from 'vitest'
import { unbumpedFaults } from '../../../src/drivers/coopCloud/configContents.ts'
import { BLOG, linesOf, readRecipe } from './recipes.ts'

const ABRA_SH = BLOG['abra.sh'] ?? ''
const CHANGED = { ...BLOG, 'backup.sh': '#!/bin/sh\necho changed\n' }

function faultsBetween(after: Readonly<Record<string, string>>) {
  return linesOf(unbumpedFaults(readRecipe(BLOG).configs, readRecipe(after).configs))
}

describe('changed configs', () => {
  test('R-DKR-06 content that changed under the same name is told, with the version to raise', () => {
    expect(faultsBetween(CHANGED)).toEqual([
      'compose.postgres.yml:36: configs.db_backup: backup.sh has changed and its name blog-pr7_ci_example_org_db_backup_v4 has not: the engine takes no new content under an old name; raise DB_BACKUP_VERSION (abra.sh)',
    ])
  })

  test('R-DKR-06 a raised version, the same content, and a new config are fine', () => {
    expect(
      faultsBetween({ ...CHANGED, 'abra.sh': ABRA_SH.replace('BACKUP_VERSION=v4', 'BACKUP_VERSION=v5') }),
    ).toEqual([])
    expect(faultsBetween({ ...BLOG, 'abra.sh': ABRA_SH.replace('=v3', '=v4') })).toEqual([])
    expect(linesOf(unbumpedFaults([], readRecipe(CHANGED).configs))).toEqual([])
  })

  test('R-DKR-06 a config without a version in its name, and a secret with a file, can change only under another name', () => {
    const files = {
      '.env.sample': 'TYPE=x\n',
      'compose.yml':
        'services: { app: { networks: [] } }\nconfigs:\n  conf: { file: conf }\nsecrets:\n  key: { file: key, name: k_v1 }\n',
      conf: 'a',
      key: 'a',
    }
    const before = readRecipe(files)
    expect(before.faults).toEqual([])
    const faults = unbumpedFaults(before.configs, readRecipe({ ...files, conf: 'b', key: 'b' }).configs)
    expect(linesOf(faults).map((line) => line.replace(/ has changed .*; /, ' … '))).toEqual([
      'compose.yml:3: configs.conf: conf … give it a name with a version',
      'compose.yml:5: secrets.key: key … give it a name with a version',
    ])
  })
})
