import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const SRC = fileURLToPath(new URL('../src', import.meta.url))

interface Import {
  /** Path below src/ for own files, else the package or `node:` module. */
  readonly target: string
  readonly own: boolean
  readonly kind: 'value' | 'type' | 'dynamic'
}

interface Source {
  /** Path below src/. */
  readonly path: string
  readonly text: string
  readonly imports: readonly Import[]
}

/** The table of design section 7, from the inside out. `sandbox` stands alone: the service knows it through HTTP only. */
const LAYERS: Readonly<Record<string, string>> = {
  model: 'model',
  errors: 'model',
  intake: 'inner',
  queue: 'inner',
  run: 'inner',
  report: 'inner',
  janitor: 'inner',
  lock: 'adapter',
  process: 'adapter',
  drivers: 'adapter',
  store: 'adapter',
  web: 'adapter',
  config: 'adapter',
  recipes: 'adapter',
  secrets: 'adapter',
  tracing: 'adapter',
  log: 'adapter',
  sandbox: 'sandbox',
  world: 'composition',
  main: 'composition',
  cli: 'composition',
}

/** Processes of their own have entries of their own, which compose as world.ts does. */
const ENTRIES: ReadonlySet<string> = new Set(['run/main.ts', 'sandbox/main.ts'])

const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  model: ['model'],
  inner: ['model', 'inner'],
  adapter: ['model', 'inner', 'adapter'],
  sandbox: ['model', 'sandbox'],
  composition: ['model', 'inner', 'adapter', 'sandbox', 'composition'],
}

function layerOf(path: string): string {
  if (ENTRIES.has(path)) return 'composition'
  const [first = ''] = path.replace(/\.ts$/, '').split('/')
  return LAYERS[first] ?? `no layer (${first} is not in the table of design section 7)`
}

/** Why one file may not import another, or null. An entry is imported by nobody. */
function layerFault(from: string, to: string): string | null {
  const [own, other] = [layerOf(from), layerOf(to)]
  if (MAY_IMPORT[own]?.includes(other) === true && !ENTRIES.has(to)) return null
  return `src/${from} (${own}) imports src/${to} (${ENTRIES.has(to) ? 'an entry' : other})`
}

/** All cycles, each as the files on it. */
function cyclesIn(graph: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const done = new Set<string>()
  const cycles: string[] = []
  function walk(file: string, trail: readonly string[]): void {
    const start = trail.indexOf(file)
    if (start >= 0) cycles.push([...trail.slice(start), file].join(' → '))
    if (start >= 0 || done.has(file)) return
    for (const next of graph.get(file) ?? []) walk(next, [...trail, file])
    done.add(file)
  }
  for (const file of graph.keys()) walk(file, [])
  return cycles
}

const IMPORT = /(?:^|[;\n])\s*(?:import|export)\s+(type\s)?[^'"`;]*?from\s*['"]([^'"]+)['"]/g
const BARE_IMPORT = /(?:^|[;\n])\s*import\s*['"]([^'"]+)['"]/g
const DYNAMIC_IMPORT = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g

function importsOf(path: string, text: string): readonly Import[] {
  return [
    ...[...text.matchAll(IMPORT)].map(([, type, target = '']) =>
      imported(path, target, type ? 'type' : 'value'),
    ),
    ...[...text.matchAll(BARE_IMPORT)].map(([, target = '']) => imported(path, target, 'value')),
    ...[...text.matchAll(DYNAMIC_IMPORT)].map(([, target = '']) => imported(path, target, 'dynamic')),
  ]
}

function imported(path: string, target: string, kind: Import['kind']): Import {
  const own = target.startsWith('.')
  return { target: own ? normalize(join(dirname(path), target)) : target, own, kind }
}

const IMPURE =
  /\b(Date\.now|new Date\(\)|Math\.random|performance\.|process\.|crypto\.|setTimeout|setInterval|fetch\()/

/** Lines that ask for a clock, for chance or for the process; comments and texts may name them. */
function impureLines(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.replaceAll(/'[^']*'|"[^"]*"|\/\/.*|^\s*\/?\*.*/g, '').trim())
    .filter((line) => IMPURE.test(line))
}

function readSources(): readonly Source[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .sort()
    .map((path) => {
      const text = readFileSync(join(SRC, path), 'utf8')
      return { path, text, imports: importsOf(path, text) }
    })
}

const sources = readSources()

describe('layers', () => {
  test('every file belongs to a layer', () => {
    expect(
      sources.map(({ path }) => `${path}: ${layerOf(path)}`).filter((line) => line.includes('no layer')),
    ).toEqual([])
  })

  test('dependencies point inward, those of types too', () => {
    const faults = sources.flatMap(({ path, imports }) =>
      imports.filter(({ own }) => own).flatMap(({ target }) => layerFault(path, target) ?? []),
    )
    expect(faults).toEqual([])
  })

  test.each([
    ['model/run.ts', 'errors.ts', true],
    ['model/run.ts', 'run/ports.ts', false],
    ['queue/dispatch.ts', 'model/run.ts', true],
    ['queue/dispatch.ts', 'store/sqlite.ts', false],
    ['drivers/process.ts', 'run/ports.ts', true],
    ['run/conduct.ts', 'lock/syscalls.ts', false],
    ['run/main.ts', 'lock/syscalls.ts', true],
    ['world.ts', 'run/main.ts', false],
    ['sandbox/github/server.ts', 'store/sqlite.ts', false],
    ['web/pages.ts', 'sandbox/page.ts', false],
    ['misc/util.ts', 'model/run.ts', false],
    ['model/run.ts', 'misc/util.ts', false],
  ])('%s importing %s: allowed is %s', (from, to, allowed) => {
    expect(layerFault(from, to) === null).toBe(allowed)
  })

  test('no files import each other in a circle, types included', () => {
    const graph = new Map(
      sources.map(({ path, imports }) => [
        path,
        imports.filter(({ own }) => own).map(({ target }) => target),
      ]),
    )
    expect(cyclesIn(graph)).toEqual([])
  })

  test('a circle is found where there is one', () => {
    const graph = new Map([
      ['a', ['b', 'd']],
      ['b', ['c']],
      ['c', ['b']],
      ['d', []],
    ])
    expect(cyclesIn(graph)).toEqual(['b → c → b'])
  })
})

describe('modules', () => {
  test('every import is seen, however it is written', () => {
    const text = `import type { A } from './a.ts'
import {
  b,
} from '../b.ts'
import './c.ts'
export { d } from './d.ts'
const e = await import('./e.ts')
`
    expect(
      importsOf('x/y.ts', text)
        .map(({ target }) => target)
        .sort(),
    ).toEqual(['b.ts', 'x/a.ts', 'x/c.ts', 'x/d.ts', 'x/e.ts'])
  })

  test.each([
    [
      'barrels',
      (path: string, text: string) =>
        /(^|\/)index\.ts$/.test(path) || /^export (type )?(\*|\{[^}]*\} from)/m.test(text),
    ],
    ['default exports', (_: string, text: string) => /^export (default|\{[^}]*\bas default\b)/m.test(text)],
  ])('there are no %s', (_, isOne) => {
    expect(sources.filter(({ path, text }) => isOne(path, text)).map(({ path }) => path)).toEqual([])
  })

  test('the model is pure: no I/O, no clock, no randomness', () => {
    const model = sources.filter(({ path }) => layerOf(path) === 'model')
    const modules = model.filter(({ imports }) => imports.some(({ target }) => target.startsWith('node:')))
    expect(modules.map(({ path }) => path)).toEqual([])
    expect(model.flatMap(({ path, text }) => impureLines(text).map((line) => `${path}: ${line}`))).toEqual([])
  })

  test('what is impure is found where there is some', () => {
    const text =
      "const at = Date.now()\n// Math.random\n/** setTimeout */\nconst event = 'process.started'\nreturn new Date()"
    expect(impureLines(text)).toEqual(['const at = Date.now()', 'return new Date()'])
  })

  test('R-LCK-04 one file knows the system calls', () => {
    const users = sources.filter(({ imports }) => imports.some(({ target }) => target === 'koffi'))
    expect(users.map(({ path }) => path)).toEqual(['lock/syscalls.ts'])
  })

  test('R-OBS-02 OpenTelemetry’s SDK is known to one file, which is loaded only where a collector is named', () => {
    const users = sources.filter(({ imports }) =>
      imports.some(({ target }) => target.startsWith('@opentelemetry/')),
    )
    expect(users.map(({ path }) => path)).toEqual(['tracing/otlp.ts'])
    const loads = sources.flatMap(({ path, imports }) =>
      imports.filter(({ target }) => target === 'tracing/otlp.ts').map(({ kind }) => `${path}: ${kind}`),
    )
    expect(loads).toEqual(['world/observing.ts: dynamic'])
  })

  test.each(['proper-lockfile', 'dockerode'])(
    '%s is loaded only where it is used: it does things when imported',
    (name) => {
      const users = sources.filter(({ imports }) =>
        imports.some(({ target, kind }) => target === name && kind === 'value'),
      )
      expect(users.map(({ path }) => path)).toEqual([])
    },
  )
})

describe('sizes', () => {
  const lines = sources.map(({ path, text }) => ({ path, count: text.trimEnd().split('\n').length }))
  const counts = lines.map(({ count }) => count).sort((one, other) => one - other)
  const at = (share: number) => counts[Math.floor((counts.length - 1) * share)] ?? 0

  test('no file has more than 300 lines', () => {
    expect(lines.filter(({ count }) => count > 300).map(({ path, count }) => `${path}: ${count}`)).toEqual([])
  })

  test(`files stay short: the median of ${counts.length} is ${at(0.5)} lines (at most 110), the 95th percentile ${at(0.95)} (at most 220)`, () => {
    expect(at(0.5)).toBeLessThanOrEqual(110)
    expect(at(0.95)).toBeLessThanOrEqual(220)
  })
})
