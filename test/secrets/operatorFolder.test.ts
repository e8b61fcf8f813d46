import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { grantOf } from '../../src/model/secrets.ts'
import { MOST_BYTES, readSecrets, secretFaults } from '../../src/secrets/operatorFolder.ts'

const VALUE = 'correct horse\n'

/** An operator's folder; files are `NAME` or `recipe/NAME`. */
function folderWith(files: Readonly<Record<string, string>>, mode = 0o600): string {
  const folder = mkdtempSync(join(tmpdir(), 'berth-secrets-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'hello'), { mode: 0o700 })
  for (const [name, value] of Object.entries(files)) {
    writeFileSync(join(folder, name), value)
    chmodSync(join(folder, name), mode)
  }
  return folder
}

function read(folder: string | null, ...names: readonly string[]) {
  const { secrets, faults } = readSecrets('hello', { folder, names })
  return { faults, values: Object.fromEntries(secrets.map(({ name, value }) => [name, value.toString()])) }
}

describe('what is read', () => {
  test('R-RUN-17 the recipe’s own file comes before the one that all recipes share', () => {
    const folder = folderWith({ A: 'for everybody', B: 'for everybody', 'hello/A': 'for hello only' })
    expect(read(folder, 'A', 'B')).toEqual({
      faults: [],
      values: { A: 'for hello only', B: 'for everybody' },
    })
  })

  test('R-RUN-17 a link inside the folder is followed, as systems that replace all secrets at once make them', () => {
    const folder = folderWith({ 'hello/now': VALUE })
    symlinkSync('hello/now', join(folder, 'KEY'))
    expect(read(folder, 'KEY')).toEqual({ faults: [], values: { KEY: VALUE } })
  })
})

const SPOILED: readonly (readonly [string, (folder: string, file: string) => void, RegExp])[] = [
  [
    'missing',
    (_, file) => rmSync(file),
    /KEY: missing, and recipe hello asks for it; write it there, or to .*hello\/KEY/,
  ],
  ['empty', (_, file) => writeFileSync(file, ''), /KEY: is empty; write the secret there/],
  [
    'a file that the group may read',
    (_, file) => chmodSync(file, 0o640),
    /KEY: is open to group or others \(mode 0640\).*chmod 0600/,
  ],
  [
    'a file that all may write',
    (_, file) => chmodSync(file, 0o602),
    /KEY: is open to group or others \(mode 0602\)/,
  ],
  [
    'a folder that others may look into',
    (folder) => chmodSync(folder, 0o705),
    /: is open to group or others \(mode 0705\).*chmod 0700/,
  ],
  [
    'a link out of the folder',
    (_, file) => void (rmSync(file), symlinkSync('/etc/hostname', file)),
    /KEY: is a link that leads out of/,
  ],
  [
    'a link to nothing',
    (_, file) => void (rmSync(file), symlinkSync('nowhere', file)),
    /KEY: is a link to nothing/,
  ],
  [
    'a folder in its place',
    (_, file) => void (rmSync(file), mkdirSync(file, { mode: 0o700 })),
    /KEY: cannot be read \(.*no regular file/,
  ],
  [
    'too short',
    (_, file) => writeFileSync(file, ' 1234567\n\n'),
    /KEY: is too short: 7 bytes .* needs 8 at least/,
  ],
  [
    'eight bytes, of which most are line ends',
    (_, file) => writeFileSync(file, 'a\n\n\n\n\n\nb'),
    /KEY: is too short: 2 bytes/,
  ],
  [
    'too long',
    (_, file) => writeFileSync(file, 'x'.repeat(MOST_BYTES + 1)),
    /KEY: has more than 32768 bytes/,
  ],
  [
    'without its folder',
    (folder) => rmSync(folder, { recursive: true }),
    /: there is no such folder of secrets; make it with: mkdir -m 0700/,
  ],
]

describe('R-RUN-17 what is refused, in one sentence that names the file and the way out', () => {
  test.each(SPOILED)('%s', (_, spoil, words) => {
    const folder = folderWith({ KEY: VALUE })
    spoil(folder, join(folder, 'KEY'))
    const { faults, values } = read(folder, 'KEY')
    expect(values).toEqual({})
    expect(faults).toEqual([expect.stringMatching(words)])
    expect(faults.join()).toContain(folder)
  })

  test('a recipe’s own folder that others may look into', () => {
    const folder = folderWith({ 'hello/KEY': VALUE })
    chmodSync(join(folder, 'hello'), 0o755)
    expect(read(folder, 'KEY').faults).toEqual([expect.stringMatching(/hello: is open to group or others/)])
  })

  test.runIf(process.geteuid?.() === 0)('a file that belongs to a user of stages', () => {
    const folder = folderWith({ KEY: VALUE })
    chownSync(join(folder, 'KEY'), 40_001, 40_001)
    expect(read(folder, 'KEY').faults).toEqual([
      expect.stringMatching(/belongs to uid 40001; it must belong to root/),
    ])
  })

  test('no folder at all: where to make it', () => {
    expect(read(null, 'A', 'B').faults).toEqual([
      expect.stringMatching(
        /^recipe hello asks for A, B, and there is no folder of secrets; make `secrets` beside berth.yml/,
      ),
    ])
  })

  test('more than can be looked for, all together', () => {
    const folder = folderWith({ A: 'a'.repeat(20_000), B: 'b'.repeat(20_000) })
    expect(read(folder, 'A', 'B').faults).toEqual([expect.stringContaining('have 40000 bytes together')])
  })
})

test('R-RUN-17 a fork gets what its recipe allows for that one secret, and a check of the recipe looks at all', () => {
  const recipe = { name: 'hello', secrets: { OPEN: { forks: true }, CLOSED: { forks: false } } }
  expect(grantOf(recipe, '/s', true)).toEqual({ folder: '/s', names: ['OPEN'], withheld: ['CLOSED'] })
  expect(grantOf(recipe, '/s', false)).toEqual({ folder: '/s', names: ['CLOSED', 'OPEN'], withheld: [] })
  expect(secretFaults(recipe, folderWith({}))).toHaveLength(2)
})
