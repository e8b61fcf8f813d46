/**
 * Writes the JSON schemas that editors check recipes and berth.yml with, and the tables of keys in the pages, from the schemas that berth itself reads
 * them with.
 * usage: node scripts/schema.ts [--check]
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { configSchema } from '../src/config/schema.ts'
import { recipeSchema } from '../src/recipes/schema.ts'
import { keyTable, withTable } from './keyTable.ts'

const FILES = [
  { path: 'docs/recipe.schema.json', schema: recipeSchema },
  { path: 'docs/berth.schema.json', schema: configSchema },
] as const

/** Pages that have the keys of a schema between two marks; the rest is written by hand. */
const PAGES = [{ path: 'docs/recipes.md', schema: recipeSchema }] as const

/** The formatter's line width, so that what is written here is what it would write. */
const WIDTH = 110

const check = process.argv.includes('--check')
const texts = [
  ...FILES.map(({ path, schema }) => ({ path, text: `${json(z.toJSONSchema(schema, { io: 'input' }))}\n` })),
  ...PAGES.map(({ path, schema }) => {
    const table = keyTable(z.toJSONSchema(schema, { io: 'input' }))
    return { path, text: withTable(readIfThere(pathOf(path)) ?? '', table) }
  }),
]
const stale = texts.filter(({ path, text }) => !bringUpToDate(path, text))
if (stale.length > 0) {
  console.error(`${stale.map(({ path }) => path).join(', ')}: not up to date; run: node scripts/schema.ts`)
  process.exitCode = 1
}

/** False = the file is not as it should be, and was only to be checked. */
function bringUpToDate(path: string, text: string): boolean {
  const file = pathOf(path)
  if (check) return readIfThere(file) === text
  writeFileSync(file, text)
  return true
}

function pathOf(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url))
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

/** As the formatter writes it: maps over several lines, lists of plain values in one where they fit. */
function json(value: unknown, indent = '', before = 0): string {
  const inner = `${indent}  `
  if (Array.isArray(value)) {
    const short = `[${value.map((item) => JSON.stringify(item)).join(', ')}]`
    const plain = value.every((item) => typeof item !== 'object' || item === null)
    if (plain && before + short.length < WIDTH) return short
    return `[\n${value.map((item) => `${inner}${json(item, inner)}`).join(',\n')}\n${indent}]`
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const pairs = Object.entries(value)
  if (pairs.length === 0) return '{}'
  const lines = pairs.map(([key, item]) => {
    const start = `${inner}${JSON.stringify(key)}: `
    return `${start}${json(item, inner, start.length)}`
  })
  return `{\n${lines.join(',\n')}\n${indent}}`
}
