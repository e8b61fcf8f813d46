import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { commandLine } from '../../src/cli.ts'
import { EXIT } from '../../src/errors.ts'
import { blocksOf } from './pageBlocks.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const UNITS = readdirSync(`${ROOT}/deploy/systemd`)
const PAGES = ['stuck.md', 'operations.md'] as const

/** What a machine with berth on it has, beside berth. */
const PROGRAMS = new Set(
  (
    'systemctl journalctl curl nginx kill ps df du docker openssl printf cut date ' +
    'sudo cp install git npm ln mv cd rm logrotate promtool'
  ).split(' '),
)

/** Lines of shell blocks, and spans of code in the text that begin with a program. */
function commandsOn(page: string): readonly string[] {
  const text = readFileSync(`${ROOT}/docs/${page}`, 'utf8')
  const lines = blocksOf(page)
    .filter(({ kind }) => kind === 'sh')
    .flatMap((block) => block.text.split('\n'))
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
  const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, '')
  const spans = [...prose.matchAll(/`((?:berth|systemctl|journalctl|docker) [^`]+)`/g)].map(
    ([, span = '']) => span,
  )
  return [...lines, ...spans]
}

/** `berth …` without what stands for a thing of the reader's. */
function berthWords(command: string): readonly string[] | null {
  const words = /(?:^|\s|\/)berth\s+(?!…)([a-z].*)$/.exec(command)?.[1]?.split(/\s+/) ?? null
  return command.startsWith('docker ') || command.startsWith('systemctl ') ? null : words
}

/** The commands that lead to a command line, and what its help says. */
async function helpFor(words: readonly string[]): Promise<string> {
  const names = words.filter(
    (word, at) => /^[a-z]+$/.test(word) && words.slice(0, at).every((one) => /^[a-z]+$/.test(one)),
  )
  let text = ''
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((part) => {
    text += String(part)
    return true
  })
  onTestFinished(() => spy.mockRestore())
  const code = await commandLine([...names, '--help'], null)
  spy.mockRestore()
  expect(code).toBe(EXIT.ok)
  // An unknown command shows the help of the one above it.
  expect(text, `there is no \`berth ${names.join(' ')}\``).toContain(`Usage: berth ${names.join(' ')}`)
  return text
}

describe.each(PAGES)('docs/%s', (page) => {
  const commands = commandsOn(page)
  const ours = commands.filter((command) => berthWords(command) !== null)

  test('has commands to hold it to', () => {
    expect(commands.length).toBeGreaterThan(page === 'stuck.md' ? 50 : 5)
    if (page === 'stuck.md') expect(ours.length).toBeGreaterThan(25)
  })

  test.each([...new Set(ours)])(
    'R-CMD-12 `%s` is a command that there is, with each of its options',
    async (command) => {
      const words = berthWords(command) ?? []
      const help = await helpFor(words)
      const options = words.filter((word) => /^--?[a-z]/.test(word))
      expect(options.filter((option) => !new RegExp(`(^|[\\s,])${option}\\b`, 'm').test(help))).toEqual([])
    },
  )

  test('every other command begins with a program of a machine, and names units and files that there are', () => {
    const others = commands.filter((command) => berthWords(command) === null)
    const first = (command: string) =>
      command.replace(/^(?:\w+=(?:'[^']*'|\$\(|\S*)\s*)+/, '').split(/\s/)[0] ?? ''
    expect(others.map(first).filter((program) => program !== '' && !PROGRAMS.has(program))).toEqual([])
    const units = others.flatMap((command) => command.match(/\bberth[\w-]*\.(?:service|timer)\b/g) ?? [])
    expect(units.filter((unit) => !UNITS.includes(unit))).toEqual([])
    const files = others.flatMap((command) => command.match(/(?<=\s|\/opt\/berth\/)deploy\/\S+/g) ?? [])
    expect(files.filter((file) => globSync(file, { cwd: ROOT }).length === 0)).toEqual([])
  })

  test('every link leads to a page, and to a part of it', () => {
    const text = readFileSync(`${ROOT}/docs/${page}`, 'utf8')
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)]
    expect(links.length).toBeGreaterThan(3)
    const broken = links.filter(([, file = '', part]) => {
      const path = `${ROOT}/docs/${file === '' ? page : file}`
      return !existsSync(path) || (part !== undefined && !anchorsIn(path).includes(part))
    })
    expect(broken.map(([link]) => link)).toEqual([])
  })
})

function anchorsIn(path: string): readonly string[] {
  return [...readFileSync(path, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} -]/gu, '')
      .replaceAll(' ', '-'),
  )
}
