import type { Command, CommandFault } from './command.ts'
import type { HoldCommand, ReleaseCommand } from './commandHold.ts'
import { COMMAND_WORD } from './commandWord.ts'
import { formatDuration } from './duration.ts'
import type { RunPlan } from './policyFacts.ts'

/** The line that asks for this command. */
export function formatCommand(command: Command): string {
  return [COMMAND_WORD, ...wordsOf(command)].join(' ')
}

/** The line that a command was given by, or that asks for the same. */
export function lineOf(command: Command | CommandFault): string {
  return command.kind === 'fault' ? command.line : formatCommand(command)
}

/** The line that asks for this run again. */
export function runLine({ recipe, given, keepMs }: RunPlan): string {
  return formatCommand({ kind: 'run', recipes: [recipe.name], arguments: given, keepMs })
}

function wordsOf(command: Command): readonly string[] {
  switch (command.kind) {
    case 'run': {
      const pairs = Object.entries(command.arguments).map(([key, value]) => `${key}=${value}`)
      const keep = command.keepMs === 0 ? [] : [`keep=${formatDuration(command.keepMs)}`]
      return [...command.recipes, ...pairs, ...keep]
    }
    case 'approve':
      return ['ok', command.sha]
    case 'revoke':
      return ['revoke', command.sha]
    case 'cancel':
      return [
        'cancel',
        ...(command.target === null ? [] : [command.target === 'all' ? 'all' : command.target.run]),
      ]
    case 'hold':
      return [command.kind, ...nameOf(command), `for=${formatDuration(command.forMs)}`, ...reasonOf(command)]
    case 'release':
      return [command.kind, ...nameOf(command), ...reasonOf(command)]
    default:
      return [command.kind]
  }
}

function nameOf({ name }: HoldCommand | ReleaseCommand): readonly string[] {
  return name === null ? [] : [name]
}

function reasonOf({ reason }: HoldCommand | ReleaseCommand): readonly string[] {
  return reason === '' ? [] : [reason]
}
