import { describe, expect, test } from 'vitest'
import { type Command, type CommandFault, parseCommands } from '../../src/model/command.ts'
import { formatCommand } from '../../src/model/commandFormat.ts'
import { RESERVED_WORDS } from '../../src/model/reservedWords.ts'
import { recipeNameFault } from '../../src/recipes/rules.ts'

const SHA = '0123456789abcdef0123456789abcdef01234567'

function run(recipes: readonly string[], given: Readonly<Record<string, string>> = {}, keepMs = 0): Command {
  return { kind: 'run', recipes, arguments: given, keepMs }
}

function faultOf(body: string): CommandFault {
  const [first, ...more] = parseCommands(body)
  if (first?.kind !== 'fault' || more.length > 0)
    throw new Error(`${body} was read as ${JSON.stringify(first)}`)
  return first
}

describe('grammar', () => {
  test.each<readonly [string, Command]>([
    ['!testme', run([])],
    ['!testme hello', run(['hello'])],
    ['!testme  hello\tworld-2', run(['hello', 'world-2'])],
    ['!testme size=l', run([], { size: 'l' })],
    ['!testme hello size=l from=a=b keep=30m', run(['hello'], { size: 'l', from: 'a=b' }, 1_800_000)],
    ['!testme keep=0', run([])],
    ['!testme keep=24h', run([], {}, 86_400_000)],
    [`!testme ok ${SHA}`, { kind: 'approve', sha: SHA }],
    [`!testme revoke ${SHA}`, { kind: 'revoke', sha: SHA }],
    ['!testme cancel', { kind: 'cancel', target: null }],
    ['!testme cancel all', { kind: 'cancel', target: 'all' }],
    ['!testme cancel 01jd2k3m4n5p6q7r', { kind: 'cancel', target: { run: '01jd2k3m4n5p6q7r' } }],
    ['!testme status', { kind: 'status' }],
    ['!testme retry', { kind: 'retry' }],
    ['!testme why', { kind: 'why' }],
    ['!testme hold', { kind: 'hold', name: null, forMs: 3_600_000, reason: '' }],
    [
      '!testme hold a.ci.test for=2h a look at it',
      { kind: 'hold', name: 'a.ci.test', forMs: 7_200_000, reason: 'a look at it' },
    ],
    ['!testme release', { kind: 'release', name: null, reason: '' }],
    ['!testme release a.ci.test done', { kind: 'release', name: 'a.ci.test', reason: 'done' }],
    ['!testme help', { kind: 'help' }],
    ['   !testme hello   ', run(['hello'])],
    ['\ufeff!testme hello', run(['hello'])],
  ])('R-CMD-03 %j is read', (body, command) => {
    expect(parseCommands(body)).toEqual([command])
  })

  test.each<Command>([
    run([]),
    run(['hello', 'world'], { size: 'l' }, 90_000),
    { kind: 'approve', sha: SHA },
    { kind: 'revoke', sha: SHA },
    { kind: 'cancel', target: null },
    { kind: 'cancel', target: 'all' },
    { kind: 'cancel', target: { run: '01jd' } },
    { kind: 'retry' },
    { kind: 'why' },
    { kind: 'hold', name: 'a.ci.test', forMs: 60_000, reason: 'a look at it' },
    { kind: 'hold', name: null, forMs: 3_600_000, reason: '' },
    { kind: 'release', name: 'a.ci.test', reason: '' },
    { kind: 'status' },
    { kind: 'help' },
  ])('a line that is made for copying means the command that it was made from: %j', (command) => {
    expect(parseCommands(formatCommand(command))).toEqual([command])
  })

  test('R-CMD-02 every command of a comment is read, in order, whatever its line ends are', () => {
    const body = 'Please:\r\n!testme hello\r\n!testme status\rand\r!testme cancel\n\n!testme help\nThanks!'
    expect(parseCommands(body).map(({ kind }) => kind)).toEqual(['run', 'status', 'cancel', 'help'])
  })

  test('R-CMD-02 a comment holds ten commands; the rest is one fault that says how many', () => {
    const commands = parseCommands('!testme hello\n'.repeat(25))
    expect(commands.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => run(['hello'])))
    expect(commands).toHaveLength(11)
    expect(commands[10]).toMatchObject({
      reason: 'bad_command',
      message: expect.stringContaining('the last 15'),
    })
  })

  test('a recipe may not be named like a command, now or later', () => {
    expect(RESERVED_WORDS.filter((word) => recipeNameFault(word) === null)).toEqual([])
  })
})

describe('where a command never fires', () => {
  test.each([
    ['a longer word', '!testmexyz hello'],
    ['a word with a hyphen', '!testme-all'],
    ['the middle of a line', 'please !testme hello'],
    ['a quote', '> !testme hello'],
    ['a quote, continued lazily', '> as I said\n!testme hello'],
    ['a quote in a quote', '>> !testme hello'],
    ['an alert', '> [!NOTE]\n> !testme hello'],
    ['a code span', '`!testme hello`'],
    ['a code span over lines', 'see ``\n!testme hello\n``'],
    ['a fenced code block', '```\n!testme hello\n```'],
    ['a fenced code block with tildes', '~~~sh\n!testme hello\n~~~'],
    ['a fenced code block that nobody closes', 'so:\n````\n```\n!testme hello'],
    ['indented code', '    !testme hello'],
    ['code indented by a tab', '\t!testme hello'],
    ['what looks indented below text', 'do this:\n    !testme hello'],
    ['what looks indented by a tab below text', 'do this:\n\t!testme hello'],
    ['an HTML comment', '<!--\n!testme hello\n-->'],
    ['an HTML comment with blank lines', '<!-- a\n\n!testme hello\n\n-->'],
    ['an HTML comment inside a paragraph', 'text <!--\n!testme hello\n--> text'],
    ['an HTML block', '<div>\n!testme hello\n</div>'],
    ['details that are folded away', '<details><summary>log</summary>\n\n!testme hello\n\n</details>'],
    ['a quote in HTML', '<blockquote>\n\n!testme hello\n\n</blockquote>'],
    ['code in HTML', 'run <code>\n!testme hello\n</code>'],
    ['preformatted text in HTML', '<pre>\n\n!testme hello\n\n</pre>'],
    ['an attribute', '<b title="\n!testme hello\n">b</b>'],
    ['the text of a link', '[see\n!testme hello\n](https://example.org)'],
    ['the title of a link', '[see](https://example.org "\n!testme hello\n")'],
    ['the text of a reference', '[see\n!testme hello\n][1]\n\n[1]: https://example.org'],
    ['a link definition', '[a]:\n!testme'],
    ['the text of an image', '![see\n!testme hello\n](https://example.org/i.png)'],
    ['a list', '- !testme hello'],
    ['a numbered list', '1. !testme hello'],
    ['a list, continued lazily', '- as follows\n!testme hello'],
    ['a task', '- [ ] !testme hello'],
    ['a heading', '# !testme hello'],
    ['an underlined heading', '!testme hello\n---'],
    ['a table', '| a | b |\n|---|---|\n!testme hello | c'],
    ['the head of a table', '!testme | b\n--- | ---'],
    ['a footnote', 'text[^1]\n\n[^1]: note\n!testme hello'],
    ['a footnote of several words', 'text[^1]\n\n[^1]: a longer note\n!testme hello'],
    ['struck out text', '~~no:\n!testme hello\nafter all~~'],
    ['mathematics', '$$\n!testme hello\n$$'],
    ['an escape', '\\!testme hello'],
    ['a character reference', '&#33;testme hello'],
  ])('R-CMD-02 a command in %s never fires', (_, body) => {
    expect(parseCommands(body)).toEqual([])
  })

  test.each([
    ['a quote', '> before\n\n!testme hello'],
    ['code', '```\n!testme other\n```\n!testme hello'],
    ['an HTML comment', '<!-- !testme other -->\n\n!testme hello'],
    ['details', '<details>\n\n!testme other\n\n</details>\n\n!testme hello'],
    ['a list', '- !testme other\n\n!testme hello'],
    ['a table', '| !testme other |\n|---|\n\n!testme hello'],
    ['text with angle brackets', 'an Array<string> and a <b>bold</b> word\n\n!testme hello'],
    ['emphasis', '*so\n!testme hello\nplease*'],
    ['a hard line break', 'so  \n!testme hello  \nplease'],
  ])('R-CMD-02 a command next to %s fires', (_, body) => {
    expect(parseCommands(body)).toEqual([run(['hello'])])
  })
})

describe('what was meant as a command', () => {
  test.each([
    ['!TESTME hello', 'in lower case'],
    ['!TestMe', 'in lower case'],
    ['!testme.', 'begins with `!testme`'],
    ['!testme, please', 'begins with `!testme`'],
    ['!test\u200bme hello', 'U+200B'],
    ['\u200b!testme hello', 'U+200B'],
    ['!testme\u00a0hello', 'U+00A0'],
    ['!testme he\u202ello', 'U+202E'],
    ['!testme hello\u0000', 'cannot be seen'],
    ['!testme `hello`', 'plain text'],
    ['!testme [hello](https://example.org)', 'plain text'],
    ['!testme <b>hello</b>', 'plain text'],
    ['!testme hello <!-- and --> world', 'plain text'],
    [`!testme ${'a '.repeat(300)}`, 'at most 500'],
    ['!testme Hello', 'Did you mean `hello`?'],
    ['!testme hello.', 'Did you mean `hello`?'],
    ['!testme Cancel', 'Did you mean `cancel`?'],
    ['!testme @octocat', 'Did you mean `octocat`?'],
    ['!testme ///', '`///` cannot be'],
    ['!testme hello hello', 'named twice'],
    ['!testme hello status', 'status is a command of its own'],
    ['!testme retry hello', 'retry stands alone; leave out `hello`'],
    ['!testme why not', 'why stands alone; leave out `not`'],
    ['!testme all', 'there is no command `!testme all`'],
    ['!testme status please', 'leave out `please`'],
    ['!testme ok', 'all 40 digits'],
    ['!testme ok 0123456', 'all 40 digits'],
    [`!testme ok ${SHA.toUpperCase()}`, 'in lower case'],
    [`!testme ok ${SHA} hello`, 'all 40 digits'],
    [`!testme revoke ${SHA}0`, '!testme revoke SHA'],
    ['!testme cancel 01jd 02jd', 'one line for each run'],
    ['!testme cancel ../x', "cannot be a run's id"],
  ])('R-CMD-04 %j is a fault that says %j', (body, message) => {
    const fault = faultOf(body)
    expect(fault.reason).toBe('bad_command')
    expect(fault.message).toContain(message)
  })

  test.each([
    ['!testme hold for=2d', 'for must be a duration such as 2h, at most 24h, and is `2d`'],
    ['!testme hold for=25h', 'for must be a duration such as 2h, at most 24h, and is `25h`'],
    ['!testme hold for=0', 'for must be a duration'],
    ['!testme hold for=1h for=2h', '`for` is given twice'],
    ['!testme hold ../../etc.lock', 'must be 1 to 63 lower-case letters'],
    ['!testme release A.ci.test', 'must be 1 to 63 lower-case letters'],
    ['!testme hold r:license', '`r:license` is a resource'],
    ['!testme size=', 'without spaces'],
    ['!testme size= l', 'without spaces'],
    ['!testme =l', 'is not `key=value`'],
    ['!testme Size=l', 'key in lower case'],
    ['!testme a_b=l', '`a_b=l` is not'],
    ['!testme __proto__=l', 'is not `key=value`'],
    ['!testme size=l size=s', '`size` is given twice'],
    ['!testme keep=1m keep=2m', '`keep` is given twice'],
    ['!testme keep=long', 'a duration such as 30m'],
    ['!testme keep=25h', 'at most 24h'],
    ['!testme keep=-1m', 'a duration'],
  ])('R-CMD-04 %j is a bad argument that says %j', (body, message) => {
    const fault = faultOf(body)
    expect(fault.reason).toBe('bad_argument')
    expect(fault.message).toContain(message)
  })

  test('a fault names its line as it stands in the comment', () => {
    expect(faultOf('text\n  !TESTME  now  \ntext').line).toBe('!TESTME  now')
  })

  test('R-Q-08 what a fault repeats of a comment stays inside a code span', () => {
    const { message } = faultOf('!testme @octocat/`x`<img>')
    expect(message).toContain('plain text')
    expect(faultOf('!testme @octocat#1').message).toMatch(/^`@octocat#1` cannot/)
  })
})

describe('comments that cost a parser much', () => {
  test('R-CMD-04 a command in a comment that is too long to be read is a fault that says what to do', () => {
    const fault = faultOf(`!testme hello\n\n${'log line\n'.repeat(7200)}`)
    expect(fault.message).toMatch(
      /has \d+ characters; .* at most 10000\. Put the command into a comment of its own/,
    )
  })

  test('a long comment without a command is not read at all', () => {
    expect(parseCommands('log line\n'.repeat(7200))).toEqual([])
  })

  const MOST = 10_000 - '!testme\n\n'.length

  test.each([
    ['quotes in quotes', '>'.repeat(MOST)],
    ['lists in lists', '- '.repeat(MOST / 2)],
    ['numbered lists in lists', '1. '.repeat(MOST / 3)],
    ['many lists', `${'- '.repeat(5)}\n`.repeat(MOST / 11)],
  ])('%s are refused before they are parsed', (_, text) => {
    expect(faultOf(`!testme\n\n${text}`).message).toContain('nested')
  })

  const NESTED = Array.from({ length: 60 }, (_, depth) => `${' '.repeat(2 * depth)}- a\n`).join('')

  test.each([
    ['emphasis', '*a_ '.repeat(MOST / 4)],
    ['emphasis inside words', 'a**b'.repeat(MOST / 4)],
    ['brackets', '['.repeat(MOST)],
    ['links in links', '[a]('.repeat(MOST / 4)],
    ['references', '[a][b]'.repeat(MOST / 6)],
    ['definitions', '[a]: b\n'.repeat(MOST / 7)],
    ['code spans', 'a`'.repeat(MOST / 2)],
    ['tags', '<b>'.repeat(MOST / 3)],
    ['tildes', '~~'.repeat(MOST / 2)],
    ['table rows', '|-'.repeat(MOST / 2)],
    ['lists below lists', NESTED],
    ['command lines', '!testme x\n'.repeat(MOST / 10)],
    ['white space', `${' '.repeat(MOST - 1)}x`],
  ])('the worst of %s is read within two seconds of processor time', (_, text) => {
    const before = process.cpuUsage()
    const commands = parseCommands(`!testme\n\n${text}`)
    expect(commands[0]).toEqual(run([]))
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 1000).toBeLessThan(2000)
  })
})
