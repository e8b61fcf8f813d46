import { existsSync, rmSync } from 'node:fs'
import { delimiter, dirname } from 'node:path'
import type { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { type Place, placeOf } from '../../src/cli/completion.ts'
import { shellWords } from '../../src/cli/shellWords.ts'
import { commands } from '../../src/cli.ts'
import { hasTool } from '../hasTool.ts'
import { BERTH, desk } from './fixtures/desk.ts'
import { atTerminal, HAS_TERMINAL } from './fixtures/terminal.ts'

const RUN = '01k00000000000a1'
const program = commands(() => undefined, null)

function wordsAt(...line: readonly string[]): readonly string[] {
  return placeOf(program, line).words.map(({ word }) => word)
}

function every(
  command: Command,
  above: readonly string[] = [],
): readonly (readonly [readonly string[], Command])[] {
  return command.commands.flatMap((one) => {
    const words = [...above, one.name()]
    return [[words, one] as const, ...every(one, words)]
  })
}

test('R-OBS-05 completion knows each command and each option that parses, but for hidden ones', () => {
  const all = every(program).filter(([words]) => words[0] !== 'complete')
  expect(all.length).toBeGreaterThan(30)
  for (const [words, command] of all) {
    expect(wordsAt(...words.slice(0, -1), ''), words.join(' ')).toContain(words.at(-1))
    const options = command.options.map(({ long }) => long ?? '')
    expect(wordsAt(...words, '-'), words.join(' ')).toEqual([...options, '--help'])
  }
  expect(wordsAt('')).not.toContain('complete')
})

test.each<{ line: readonly string[]; place: Partial<Place> }>([
  { line: ['show', ''], place: { kind: 'run' } },
  { line: ['show', RUN, ''], place: { kind: null } },
  { line: ['run', '--repo', ''], place: { kind: 'folder' } },
  { line: ['run', '--domain', 'si'], place: { kind: 'domain', begun: 'si' } },
  { line: ['run', '--domain=si'], place: { kind: 'domain', begun: 'si', prefix: '--domain=' } },
  { line: ['run', '--wait', '5m', ''], place: { kind: 'recipe' } },
  { line: ['run', '--wait=5m', 'hello', 'a=b', ''], place: { kind: 'arguments', before: ['hello', 'a=b'] } },
  { line: ['locks', 'hold', 'r:x', '--', ''], place: { kind: 'command', words: [] } },
  { line: ['recipes', 'new', 'x', '--driver', ''], place: { kind: 'driver' } },
  { line: ['reports', 'retry', 'one', ''], place: { kind: 'report' } },
  { line: ['nonsense', ''], place: { words: [] } },
])('R-OBS-05 `berth $line` is at the right place', ({ line, place }) => {
  expect(placeOf(program, line)).toMatchObject(place)
})

test('R-OBS-05 an option that was given is not offered again', () => {
  expect(wordsAt('runs', '--json', '-')).toEqual(['--limit', '--help'])
})

test.each([
  ['berth ', ['berth', '']],
  [
    'berth  locks hold r:x --reason "two words" \'a "b\' c\\ d',
    ['berth', 'locks', 'hold', 'r:x', '--reason', 'two words', 'a "b', 'c d'],
  ],
  ['berth run --repo "/a b', ['berth', 'run', '--repo', '/a b']],
])('R-OBS-05 a line is split as shells do: %s', (line, words) => {
  expect(shellWords(line)).toEqual(words)
})

test('R-OBS-05 what is there is offered: runs, names, recipes and their arguments; and TAB makes no folder', async () => {
  const here = desk()
  const lines = async (...line: readonly string[]) =>
    (await here.berth('complete', '--', ...line)).stdout.split('\n')
  expect(here.started('locks', 'hold', 'r:port-1', '--reason', 'x', '--for', '1ms')).toBe(0)
  expect(await lines('locks', 'release', 'r:')).toEqual(['r:port-1\t', ':none', ''])
  expect(await lines('run', 'hel')).toEqual([expect.stringMatching(/^hello\t\w/), ':none', ''])
  expect(await lines('backup', '')).toEqual([':files', ''])
  rmSync(here.state.root, { recursive: true })
  expect(await lines('show', '')).toEqual([':none', ''])
  expect(existsSync(here.state.root)).toBe(false)
})

const SHELLS = [
  { shell: ['bash', '--norc', '--noprofile'], set: 'eval "$(berth completion bash)"; PS1="> "' },
  {
    shell: ['zsh', '-f'],
    set: 'autoload -Uz compinit; compinit -D -u; source <(berth completion zsh); PS1="> "',
  },
  {
    shell: ['fish', '--no-config'],
    set: 'berth completion fish | source; function fish_prompt; echo "> "; end',
  },
] as const

describe.each(SHELLS)('R-OBS-05 in $shell', ({ shell, set }) => {
  const [name] = shell
  const there = hasTool(name) && HAS_TERMINAL

  test.skipIf(!there)(
    'commands, options, names with a colon and recipes are completed',
    { timeout: 400_000 },
    async () => {
      const here = desk()
      expect(here.started('locks', 'hold', 'r:port-1', '--reason', 'x', '--for', '1ms')).toBe(0)
      const path = [dirname(BERTH), process.env['PATH']].join(delimiter)
      await using person = atTerminal([...shell], { ...here.env, PATH: path, HOME: here.root }, [120, 40])
      await person.sees(/[>%#$] ?$/m)
      person.type(`${set}; clear; echo re''ady\r`)
      await person.sees(/^ready/m)
      for (const [typed, completed] of [
        ['berth lim', 'berth limits '],
        ['berth recipes chec', 'berth recipes check '],
        ['berth runs --lim', 'berth runs --limit '],
        ['berth locks release r:po', 'berth locks release r:port-1'],
        ['berth run hel', 'berth run hello'],
      ] as const) {
        person.type(`${typed}\t`)
        await person.sees(completed)
        person.type('\u0015')
      }
      person.type('exit\r')
      expect((await person.ended).code).toBe(0)
    },
  )
})
