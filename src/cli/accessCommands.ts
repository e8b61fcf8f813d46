import { type Command, InvalidArgumentError } from 'commander'
import { SCOPES, type Scope } from '../model/access.ts'
import { makeContext } from '../world.ts'
import { few, JSON_OPTION } from './parsers.ts'

/** `berth token` and `berth actions`. */
export function addAccess(program: Command, exit: (code: number) => void): void {
  const token = program.command('token').description('who may look and act over the API')
  token
    .command('new <token>')
    .description('make a token; it is shown once')
    .option('--scope <scope>', 'read, or act', scope, 'read')
    .option('--days <days>', 'it ends after so many days (default: it does not)', few)
    .action(async (name: string, options: { scope: Scope; days?: number }) => {
      const { newToken } = await import('./token.ts')
      exit(await newToken(makeContext(), name, { scope: options.scope, days: options.days ?? null }))
    })
  token
    .command('list')
    .description('tokens that are live')
    .option(...JSON_OPTION)
    .action(async (options: { json: boolean }) => {
      const { listTokens } = await import('./token.ts')
      exit(await listTokens(makeContext(), options.json))
    })
  token
    .command('revoke <token>')
    .description('end a token, and who has signed in with it')
    .action(async (name: string) => {
      const { revokeToken } = await import('./token.ts')
      exit(await revokeToken(makeContext(), name))
    })
  program
    .command('actions')
    .description('who asked for what by a page or the API, and what came of it')
    .option(...JSON_OPTION)
    .option('--limit <number>', 'how many at most, the newest', few, 30)
    .action(async (options: { json: boolean; limit: number }) => {
      const { listActions } = await import('./actions.ts')
      exit(await listActions(makeContext(), options))
    })
}

function scope(text: string): Scope {
  const known = SCOPES.find((one) => one === text)
  if (known === undefined) throw new InvalidArgumentError(`a scope is one of ${SCOPES.join(', ')}`)
  return known
}
