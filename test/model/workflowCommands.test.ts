import { describe, expect, test } from 'vitest'
import type { Remark } from '../../src/model/annotation.ts'
import { workflowCommandReader } from '../../src/model/workflowCommands.ts'

describe('GitHub’s workflow commands in a log', () => {
  test.each<[string, Partial<Remark>]>([
    ['::error::it broke', { level: 'failure', path: null, line: null, message: 'it broke' }],
    ['::warning file=a.ts::careful', { level: 'warning', path: 'a.ts', line: null }],
    ['::notice file=a.ts,line=3::look', { level: 'notice', path: 'a.ts', line: 3, message: 'look' }],
    [
      '::error file=a.ts,line=1,endLine=2,col=3,endColumn=4,title=A title::m',
      { path: 'a.ts', line: 1, endLine: 2, startColumn: 3, endColumn: 4, title: 'A title', message: 'm' },
    ],
    ['  \t::error::indented', { message: 'indented' }],
    ['::ERROR FILE=a.ts, LINE=5 ::any case', { level: 'failure', path: 'a.ts', message: 'any case' }],
    ['::error file=a.ts,line=1::one%0Atwo%0D%25 100%3A', { message: 'one\ntwo\r% 100%3A' }],
    ['::error file=a%2Cb%3Ac.ts,title=50%25%0A::m', { path: 'a,b:c.ts', title: '50%\n' }],
    ['::error title=an escape once%250A::a%250Ab', { title: 'an escape once%0A', message: 'a%0Ab' }],
    ['::error file=a=b.ts::m', { path: 'a=b.ts' }],
    ['::error file=a.ts,line=x,col=-1::m', { path: 'a.ts', line: null, startColumn: null }],
    ['::error file=::m', { path: null }],
    ['::error::a::b', { message: 'a::b' }],
    ['::error title=only this::', { title: 'only this', message: '' }],
    ['::error::with a line end\r', { message: 'with a line end' }],
    ['::error,line=1::', {}],
  ])('R-REP-01 %j', (line, remark) => {
    const read = workflowCommandReader()(line)
    if (Object.keys(remark).length === 0) expect(read).toBeNull()
    else expect(read).toMatchObject(remark)
  })

  test.each([
    '',
    'error: it broke',
    'x ::error::not at the beginning',
    ':error::m',
    '::error',
    '::error::',
    '::errors::m',
    '::debug::m',
    '::group::m',
    '::set-output name=a::b',
    '::add-mask::secret',
    '##[error]m',
  ])('R-REP-01 %j is none', (line) => {
    expect(workflowCommandReader()(line)).toBeNull()
  })

  test('R-REP-01 between a stop and its word nothing counts, not even another stop', () => {
    expect(
      messagesOf([
        '::error::1',
        '::stop-commands::Pause',
        '::error::2',
        '::stop-commands::other',
        '::other::',
        '::resume::',
        '::error::3',
        '  ::PAUSE::',
        '::error::4',
        '::pause::',
        '::error::5',
      ]),
    ).toEqual(['1', '4', '5'])
  })

  test.each(['', 'error', 'notice', 'stop-commands'])('R-REP-01 nothing is stopped until %j', (word) => {
    expect(messagesOf([`::stop-commands::${word}`, '::error::1'])).toEqual(['1'])
  })

  test('R-REP-01 each stage begins anew', () => {
    messagesOf(['::stop-commands::for-ever'])
    expect(messagesOf(['::error::1'])).toEqual(['1'])
  })
})

function messagesOf(lines: readonly string[]): readonly string[] {
  const read = workflowCommandReader()
  return lines.flatMap((line) => read(line)?.message ?? [])
}
