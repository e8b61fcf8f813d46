import { describe, expect, test } from 'vitest'
import { parseDotenv } from '../../../src/drivers/coopCloud/dotenv.ts'
import { expandDotenv, expansionFaults } from '../../../src/drivers/coopCloud/expand.ts'
import { linesOf } from './recipes.ts'

const FILE = '.env.sample'

/** The values of a sample, as they reach the compose files. */
function valuesOf(text: string, given: Readonly<Record<string, string>> = {}) {
  const sample = parseDotenv(FILE, text)
  expect(linesOf(sample.faults)).toEqual([])
  const { values, faults } = expandDotenv(sample, new Map(Object.entries(given)), (raw) => raw)
  expect(faults).toEqual([])
  return Object.fromEntries(values)
}

describe('.env.sample', () => {
  test.each([
    ['X=v1 # length=32', 'v1'],
    ['X=v1       # length=64 charset=hex # twice', 'v1'],
    ['X=a#b', 'a#b'],
    ['X=', ''],
    ['X=   # set after first login', ''],
    ['  export X = spaced out  ', 'spaced out'],
    ['X: yaml', 'yaml'],
    ['X="with # in quotes" # and a comment', 'with # in quotes'],
    ["X='$NOT \\n expanded'", '$NOT \\n expanded'],
    ["X=', `www.blog.example.com`, `b`'", ', `www.blog.example.com`, `b`'],
    ['X="say \\"hi\\""', 'say "hi"'],
    ['X="a\\nb\\\\c"', 'a\nb\\c'],
    ['X="two\nlines"', 'two\nlines'],
    ['X=a,b;c=d', 'a,b;c=d'],
    ['X=it"s', 'it"s'],
    ['X=mail@example.com\r', 'mail@example.com'],
    ['\uFEFFX=1', '1'],
  ])('R-DKR-06 %j has the value %j', (line, value) => {
    expect(valuesOf(`${line}\n`)).toEqual({ X: value })
  })

  test.each([
    ['A=1\nX=$A-${A}', '1-1'],
    ['X=${UNSET}.', '.'],
    ['A=1\nX="\\$A"', '$A'],
    ['A=1\nX=\\$A', '$A'],
    ['A=1\nX=$(A)', '(A)'],
    ['a=1\nX=$a', '$a'],
    ['X=$5', ''],
    ['X="100 %$"', '100 %$'],
  ])('R-DKR-06 %j is expanded as godotenv does: %j', (text, value) => {
    expect(valuesOf(text)['X']).toBe(value)
  })

  test('R-DKR-06 COMPOSE_FILE may repeat, and refer to itself', () => {
    const text =
      'COMPOSE_FILE=compose.yml\nCOMPOSE_FILE="$COMPOSE_FILE:a.yml"\n#COMPOSE_FILE="$COMPOSE_FILE:no.yml"\nCOMPOSE_FILE="$COMPOSE_FILE:b.yml"\n'
    expect(valuesOf(text)['COMPOSE_FILE']).toBe('compose.yml:a.yml:b.yml')
  })

  test("R-DKR-06 an operator's value stands in the place of the file's own, and later lines are expanded with it", () => {
    const text = 'DOMAIN=blog.example.com\nURL=https://${DOMAIN}\n'
    expect(valuesOf(text, { DOMAIN: 'd.example.org', MORE: '$DOMAIN' })).toEqual({
      DOMAIN: 'd.example.org',
      URL: 'https://d.example.org',
      MORE: '$DOMAIN',
    })
  })

  test('R-DKR-06 entries have their lines and the modifiers of their comments', () => {
    const { entries } = parseDotenv(
      FILE,
      '\nA="1\n2"\n# no\nB=v1 # length=32 charset=default,special generate=false why\n',
    )
    expect(entries.map(({ key, line, quote }) => [key, line, quote])).toEqual([
      ['A', 2, '"'],
      ['B', 5, ''],
    ])
    expect(Object.fromEntries(entries[1]?.modifiers ?? [])).toEqual({
      length: '32',
      charset: 'default,special',
      generate: 'false',
    })
  })

  test('R-DKR-06 what is commented out is an option; prose is none', () => {
    const text = `#A=1
# B="two" # length=5
##   export C=
#   COMPOSE_FILE="compose.yml:x.yml"
# note: D=4
# SMTP port 587
# use e=mc2
#F="no end
`
    const { options, entries, faults } = parseDotenv(FILE, text)
    expect(options.map(({ key, raw, line }) => [key, raw, line])).toEqual([
      ['A', '1', 1],
      ['B', 'two', 2],
      ['C', '', 3],
      ['COMPOSE_FILE', 'compose.yml:x.yml', 4],
    ])
    expect(options[1]?.modifiers.get('length')).toBe('5')
    expect([entries, faults]).toEqual([[], []])
  })

  test('R-DKR-06 each bad line is told, and hides no other', () => {
    const text = 'A=1\nexport\ntwo words=2\nB="no end\nC=\'x\' y\nD=4\nE="1"F="2"\n'
    const { faults, entries } = parseDotenv(FILE, text)
    expect(linesOf(faults)).toEqual([
      '.env.sample:2: "export" is no KEY=value',
      '.env.sample:3: "two words=2" is no KEY=value',
      '.env.sample:4: B: ""no end" has no closing "',
      '.env.sample:5: C: "y" stands after the closing \'; put it inside the quotes',
      '.env.sample:7: E: "F="2"" stands after the closing "; put it inside the quotes',
    ])
    expect(entries.map(({ key }) => key)).toEqual(['A', 'D'])
  })

  test("R-DKR-06 a shell's default is told: godotenv would take it apart", () => {
    const sample = parseDotenv(FILE, 'A=${B:-c}\nD=\'${B:-c}\'\nE="\\${B:-c}"\nF=${B}:-\n')
    expect(linesOf(expansionFaults(sample))).toEqual([
      '.env.sample:1: A: ${B:-c} is taken apart after the name: a .env file knows no defaults; write the value',
    ])
    expect(valuesOf('B=1\nA=${B:-c}')['A']).toBe('1:-c}')
  })

  test('R-DKR-06 lines that double one another end before the memory does', () => {
    const sample = parseDotenv(FILE, `A=x\n${'A="$A$A"\n'.repeat(60)}`)
    const { values, faults } = expandDotenv(sample, new Map(), (raw) => raw)
    expect(values.get('A')?.length).toBe(2 ** 18)
    expect(linesOf(faults)).toEqual([
      '.env.sample:20: A: the values up to here have over 524288 characters together; the rest is not read',
    ])
  })
})
