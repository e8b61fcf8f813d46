import { expect, test } from 'vitest'
import { parseCommands } from '../../src/model/command.ts'
import { formatCommand } from '../../src/model/commandFormat.ts'
import { COMMAND_WORD } from '../../src/model/commandWord.ts'
import { SUBCOMMANDS } from '../../src/model/reservedWords.ts'
import { commentOf } from './examples.ts'
import { startScene } from './scene.ts'

const SHA = 'a'.repeat(40)

/**
 * That each word has a parser, each command a decision and each decision an outcome, the types say: SYNTAX, `decide` and OUTCOMES have a case for each.
 * That people are told of it, they cannot say.
 */
test('R-Q-01 every command of a comment can be written, is written the same way again, and stands in the help', async () => {
  await using scene = await startScene()
  await scene.decided('issue_comment', commentOf('!testme help'))
  const [reply = ''] = await scene.replies()
  for (const word of SUBCOMMANDS) {
    const line = `${COMMAND_WORD} ${word}${word === 'ok' || word === 'revoke' ? ` ${SHA}` : ''}`
    const [command] = parseCommands(line)
    expect(command?.kind, line).not.toBe('fault')
    if (command !== undefined && command.kind !== 'fault')
      expect(formatCommand(command)).toMatch(new RegExp(`^${line}`))
    expect(reply).toContain(`- \`${COMMAND_WORD} ${word}`)
  }
})
