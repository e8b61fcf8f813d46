import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { formsOf } from '../../src/secrets/forms.ts'
import type { Mask } from '../../src/secrets/mask.ts'
import { makeMask } from '../../src/secrets/maskStream.ts'

const PASSWORD = 'p4ss w0rd/+=?&"\\\'<ä>'
const KEY = [
  '-----BEGIN KEY-----',
  'MIIEvQIBADANBgkqhkiG',
  'w0BAQEFAASCBKcwggSj',
  '-----END KEY-----',
  '',
].join('\n')

/** What comes out when the text comes in pieces of this many bytes. */
function throughPieces(mask: Mask, text: string | Buffer, size: number): string {
  const stream = mask.stream()
  const bytes = Buffer.from(text)
  const parts: Buffer[] = []
  for (let at = 0; at < bytes.length; at += size) parts.push(stream.write(bytes.subarray(at, at + size)))
  return Buffer.concat([...parts, stream.flush()]).toString('utf8')
}

/** A program's own output, as stages make it. */
function said(script: string, value: string): string {
  return execFileSync('sh', ['-euc', script, 'sh', value], { encoding: 'utf8', env: process.env })
}

const NODE = `'${process.execPath}' -e`

const OUTPUTS: readonly (readonly [string, string])[] = [
  ['as it is', 'printf "%s\\n" "$1"'],
  ['folded into lines of three', 'printf %s "$1" | fold -b -w 3'],
  ['in base64', 'printf %s "$1" | base64'],
  ['in base64, one byte further', 'printf "a%sz" "$1" | base64 -w 0'],
  ['in base64, two bytes further', 'printf "ab%syz" "$1" | base64 -w 0'],
  ['in base64, wrapped everywhere', 'printf "user:%s" "$1" | base64 -w 5'],
  [
    'in base64 for addresses',
    `${NODE} 'console.log(Buffer.from(process.argv[1]).toString("base64url"))' -- "$1"`,
  ],
  ['in hexadecimal digits', 'printf %s "$1" | od -An -v -tx1 | tr -d " "'],
  ['URL-encoded', `${NODE} 'console.log(encodeURIComponent(process.argv[1]))' -- "$1"`],
  [
    'URL-encoded, lower case',
    `${NODE} 'console.log(encodeURIComponent(process.argv[1]).replace(/%../g,(c)=>c.toLowerCase()))' -- "$1"`,
  ],
  ['as a form', `${NODE} 'console.log(String(new URLSearchParams({x:process.argv[1]})))' -- "$1"`],
  ['in JSON', `${NODE} 'console.log(JSON.stringify({x:process.argv[1]}))' -- "$1"`],
  [
    'in a workflow command',
    `${NODE} 'console.log(process.argv[1].replace(/%/g,"%25").replace(/\\r/g,"%0D").replace(/\\n/g,"%0A"))' -- "$1"`,
  ],
  [
    'in XML text',
    `${NODE} 'console.log(process.argv[1].replace(/&/g,"&amp;").replace(/</g,"&lt;"))' -- "$1"`,
  ],
  [
    'in HTML',
    `${NODE} 'console.log(process.argv[1].replace(/&/g,"&amp;").replace(/</g,"&lt;").replace(/>/g,"&gt;").replace(/"/g,"&quot;").replace(/\\x27/g,"&#39;"))' -- "$1"`,
  ],
  [
    'with a colour in it',
    `printf "\\033[1m%s\\033[7m%s\\033[27m%s" "$(printf %s "$1" | head -c 5)" "$(printf %s "$1" | tail -c +6 | head -c 3)" "$(printf %s "$1" | tail -c +9)"`,
  ],
  ['in JSON in JSON', `${NODE} 'console.log(JSON.stringify(JSON.stringify({x:process.argv[1]})))' -- "$1"`],
]

describe('R-RUN-17 a secret does not show', () => {
  for (const [name, value] of [
    ['password', PASSWORD],
    ['key of several lines', KEY],
  ] as const)
    test.each(OUTPUTS)(`of the ${name}, %s, whatever pieces it comes in`, (_, script) => {
      const output = `before ${said(script, value)} after\n`
      const mask = makeMask([Buffer.from(value)])
      const whole = mask.text(output)
      expect(whole).toMatch(/^before [^]*\*\*\*[^]* after\n$/)
      expect(shownOf(value, whole)).toEqual([])
      for (const size of [1, 2, 3, 7, 64]) expect(throughPieces(mask, output, size)).toBe(whole)
    })

  test('in two bytes a character, whose zeros nobody sees', () => {
    const mask = makeMask([Buffer.from('correct horse')])
    const output = Buffer.from('it is correct horse, yes', 'utf16le')
    for (const size of [1, 2, 3, 64])
      expect(throughPieces(mask, output, size).replaceAll('\0', '')).toBe('it is ***, yes')
  })

  test('behind an escape sequence that takes in its beginning, or one that has no end', () => {
    const mask = makeMask([Buffer.from('1mcorrect'), Buffer.from('battery staple')])
    expect(mask.text('\u001b[1mcorrect')).not.toContain('correct')
    expect(mask.text('\u001b]0;title battery staple\u0007')).not.toContain('battery')
    expect(mask.text('\u001b[38;5;battery sta\u001b[mple')).not.toContain('staple')
  })

  test('one line of several, alone and indented', () => {
    const mask = makeMask([Buffer.from(KEY)])
    expect(mask.text('> MIIEvQIBADANBgkqhkiG\r\n>   w0BAQEFAASCBKcwggSj\n')).toBe('> ***\r\n>   ***\n')
  })

  test('two that overlap, of which neither rest stays', () => {
    const mask = makeMask([Buffer.from('abcdefgh1234'), Buffer.from('gh1234567890'), Buffer.from('abcdefgh')])
    expect(throughPieces(mask, '<abcdefgh1234567890> <abcdefgh> <gh1234567890>', 1)).toBe('<***> <***> <***>')
  })

  test('the beginning of one, where an output pauses or ends in the middle of it', () => {
    const stream = makeMask([Buffer.from('correct horse')]).stream()
    const first = Buffer.concat([stream.write(Buffer.from('it is correct h')), stream.flush()])
    const second = Buffer.concat([stream.write(Buffer.from('orse, yes')), stream.flush()])
    expect(`${first.toString()}|${second.toString()}`).toBe('it is ***|, yes')
  })
})

/** Eight characters of the secret in a row, in any of its forms. */
function shownOf(value: string, text: string): readonly string[] {
  const bare = text.replaceAll(/[\r\n]/g, '')
  const pieces = formsOf(Buffer.from(value)).flatMap((form) => {
    const whole = Buffer.from(form).toString('utf8')
    return Array.from({ length: whole.length - 7 }, (_, at) => whole.slice(at, at + 8))
  })
  return pieces.filter((piece) => bare.includes(piece))
}

test('what is no secret stays as it is, byte for byte, with lines and bytes that are no text', () => {
  const mask = makeMask([Buffer.from(PASSWORD), Buffer.from(KEY)])
  const bytes = randomBytes(200_000)
  const stream = mask.stream()
  expect(Buffer.concat([stream.write(bytes), stream.flush()]).equals(bytes)).toBe(true)
  expect(throughPieces(mask, 'p4ss\np4ss w0rd\r\n\r\n-----BEGIN\n', 1)).toBe('p4ss\np4ss w0rd\r\n\r\n***\n')
})

test('R-RUN-17 random secrets at random places, in random pieces: none shows, and nothing else goes', () => {
  for (let round = 0; round < 200; round += 1) {
    const secrets = Array.from({ length: 3 }, () =>
      randomBytes(8 + (round % 40))
        .toString('latin1')
        .replaceAll(/\s/g, '_'),
    )
    const filler = () => `<${'.'.repeat(round % 5)}\n>`
    const text = Buffer.from(secrets.map((secret) => `${filler()}${secret}`).join('') + filler(), 'latin1')
    const mask = makeMask(secrets.map((secret) => Buffer.from(secret, 'latin1')))
    const output = throughPieces(mask, text, 1 + (round % 11))
    expect(output).toBe(`${filler()}***`.repeat(3) + filler())
  }
})

test('R-RUN-17 a flood of line ends in the middle of what may be a secret is not kept in memory', () => {
  const stream = makeMask([Buffer.from('correct horse')]).stream()
  stream.write(Buffer.from('correct'))
  const given = Array.from({ length: 100 }, () => stream.write(Buffer.alloc(1000, '\n')).length)
  expect(given.reduce((sum, length) => sum + length, 0)).toBeGreaterThan(99_000)
  expect(stream.write(Buffer.from(' horse battery')).toString()).toBe('*** battery')
})

test('a log of 16 MiB takes no longer with many secrets than with one', () => {
  const log = Buffer.from('GET /assets/app.js 200 12ms and more of the same\n'.repeat(340_000))
  const many = Array.from({ length: 40 }, () => randomBytes(300))
  const [one, forty] = [makeMask(many.slice(0, 1)), makeMask(many)].map((mask) => {
    const startedAt = performance.now()
    const stream = mask.stream()
    for (let at = 0; at < log.length; at += 65_536) stream.write(log.subarray(at, at + 65_536))
    return performance.now() - startedAt
  })
  expect(forty).toBeLessThan(10 * (one ?? 0) + 500)
})
