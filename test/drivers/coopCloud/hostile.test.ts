import { describe, expect, test } from 'vitest'
import { BLOG, linesOf, readRecipe } from './recipes.ts'

/** As long as a file may be. */
const LONG = 256 * 1024

/** Thousands of variables that nobody sets. */
const MANY = Array.from({ length: 30_000 }, (_, index) => `$A${index}`).join(' ')

function long(text: string): string {
  return text.repeat(Math.floor((LONG - 1000) / text.length))
}

describe('a hostile recipe', () => {
  test.each([
    ['abra.sh', `function x${long(' ')}y\n}\n`],
    ['abra.sh', `export A=${long('"')}`],
    ['abra.sh', `A=${long("''")}$`],
    ['.env.sample', `TYPE=x\n${long('A="\n')}`],
    ['.env.sample', `TYPE=x\n${long("A='\\'\n")}`],
    ['.env.sample', `TYPE=x\nB=${long('x')}\n`],
    ['.env.sample', `TYPE=x\n#${long(' #')}A`],
    ['.env.sample', `TYPE=x\n${long(': {{')}`],
    ['.env.sample', `TYPE=x\nCOMPOSE_FILE=${long(':')}\n`],
    ['.env.sample', `TYPE=x\n${long('!\n')}`],
    ['.env.sample', `TYPE=x\nA=${long('${B:-')}}`],
    ['.env.sample', `TYPE=x\nA=${'x'.repeat(100_000)}\nB=${'$A'.repeat(70_000)}\n`],
    ['abra.sh', long('a(){\n')],
    ['abra.sh', long('cat <<a\n')],
    ['compose.yml', long('[')],
    ['compose.yml', long('{a: ')],
    ['compose.yml', `services: { app: { image: "${long('${a-')}" } }`],
    ['compose.yml', `services: { app: { command: "${long('$')}" } }`],
    ['compose.yml', `services: { app: { command: "${MANY}" } }`],
    ['compose.yml', `services: { app: { deploy: { labels: [${long('"a=$DOMAIN",')}] } } }`],
    [
      'compose.yml',
      `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [${'*a,'.repeat(9)}]\nc: &c [${'*b,'.repeat(9)}]\nd: [${'*c,'.repeat(9)}]\n`,
    ],
  ])('R-DKR-06 %s of %#: is read, or refused, in its time', { timeout: 10_000 }, (file, text) => {
    expect(text.length).toBeLessThanOrEqual(LONG)
    const { faults, remarks } = readRecipe({ ...BLOG, [file]: text })
    expect(linesOf([...faults, ...remarks]).join('\n').length).toBeLessThan(200_000)
  })

  test('R-DKR-06 a file with thousands of services is refused by their number', () => {
    const services = Array.from({ length: 501 }, (_, index) => `  s${index}: { networks: [] }\n`).join('')
    const { faults } = readRecipe({ '.env.sample': 'TYPE=x\n', 'compose.yml': `services:\n${services}` })
    expect(linesOf(faults)).toEqual(['compose.yml:1: services: has 501 entries; at most 500 are read'])
  })
})
