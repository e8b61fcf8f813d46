import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const SCRIPT = fileURLToPath(new URL('../../scripts/requirements.ts', import.meta.url))
const PAGE = `# Requirements

Proved by a test:

- **R-AAA-01** First
- **R-AAA-02** Second
`

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'berth-requirements-'))
  write('docs/requirements.md', PAGE)
})

afterEach(() => rmSync(root, { recursive: true, force: true }))

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

function page(): string {
  return readFileSync(join(root, 'docs/requirements.md'), 'utf8')
}

function start(...args: readonly string[]) {
  return spawnSync(process.execPath, [SCRIPT, ...args], { cwd: root, encoding: 'utf8' })
}

/** Put together, so that the script does not take the names below for those of this file's own tests. */
const [A, B, UNKNOWN] = ['01', '02', '07'].map((number) => `R-AAA-${number}`)

const name = (text: string, quote = "'") => `test(${quote}${text}${quote}, () => {})\n`

describe('scripts/requirements.ts', () => {
  test('it writes the tests below each id, and what has none is visible', () => {
    write('test/b.test.ts', name(`${A} the second file`) + name(`${A} the second file`))
    write('test/a/a.test.ts', name(`${A} the \`first\` file`, '"') + name('no id'))
    write('test-concurrency/c.test.ts', `test.each([1])(${name(`${A}: %i is\\nodd`, '`')}`)
    write('test/a/world.ts', name(`${B} in a helper`))
    expect(start().status).toBe(0)
    expect(page()).toBe(`# Requirements

Proved by a test: 1 of 2.

- **R-AAA-01** First
  - test/a/a.test.ts: \`\` the \`first\` file \`\`
  - test/b.test.ts: \`the second file\`
  - test-concurrency/c.test.ts: \`%i is\\nodd\`
- **R-AAA-02** Second
  - no test yet
`)
  })

  test('a suite that several tests run is read as they are', () => {
    write('test/store/contract/x.ts', name(`${A} of every store`))
    expect(start().status).toBe(0)
    expect(page()).toContain('  - test/store/contract/x.ts: `of every store`')
  })

  test('a test may name several ids, and an escaped quote ends no name', () => {
    write('test/a.test.ts', name(`${A}, ${B} the run\\'s end`))
    expect(start().status).toBe(0)
    expect(page().match(/ {2}- test\/a\.test\.ts: `the run's end`/g)).toHaveLength(2)
  })

  test('--check is content with what it has written, and rewrites nothing', () => {
    write('test/a.test.ts', name(`${A} a`))
    expect(start().status).toBe(0)
    expect(start('--check')).toMatchObject({ status: 0, stderr: '' })
    write('test/a.test.ts', name(`${A} another`))
    const before = page()
    expect(start('--check')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('not up to date; run: node scripts'),
    })
    expect(page()).toBe(before)
    expect(start().status).toBe(0)
    expect(start('--check').status).toBe(0)
  })

  test('an id that the page does not state is a fault, with and without --check', () => {
    write('test/a.test.ts', name(`${UNKNOWN} what`))
    const fault = `test/a.test.ts: "what": there is no requirement ${UNKNOWN} in docs/requirements.md`
    for (const args of [[], ['--check']])
      expect(start(...args)).toMatchObject({ status: 1, stderr: expect.stringContaining(fault) })
  })

  test('an id that is stated twice is a fault', () => {
    write('docs/requirements.md', `${PAGE}- **R-AAA-01** Again\n`)
    expect(start()).toMatchObject({ status: 1, stderr: expect.stringContaining(`${A} is stated twice`) })
  })
})
