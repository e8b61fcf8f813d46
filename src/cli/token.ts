import { EXIT, InputError } from '../errors.ts'
import { type Scope, TOKEN_NAME } from '../model/access.ts'
import { addAuditLine } from '../store/audit.ts'
import { hashOf, newSecret } from '../web/access/secret.ts'
import type { Context } from './context.ts'
import { jsonText } from './json.ts'
import { personName } from './person.ts'
import { withStore } from './queue.ts'
import { momentText, table } from './table.ts'

const DAY_MS = 24 * 60 * 60_000

interface TokenWish {
  readonly scope: Scope
  /** Null = it does not end by itself. */
  readonly days: number | null
}

/** `berth token new`: the only time that its text is seen. Records that are not there yet are made: a token may be older than the service. */
export async function newToken({ state, stdout }: Context, name: string, wish: TokenWish): Promise<number> {
  if (!TOKEN_NAME.test(name))
    throw new InputError('berth token new', [
      `a name has at most 40 lower-case letters, digits and inner hyphens, and is ${name}`,
    ])
  const { scope, days } = wish
  const [secret, by, madeAtMs] = [newSecret(), personName(), Date.now()]
  const endsAtMs = days === null ? null : madeAtMs + days * DAY_MS
  const token = { name, scope, madeBy: by, madeAtMs, endsAtMs }
  const isNew = await withStore(state, (store) => store.addToken(token, hashOf(secret)), true)
  if (isNew !== true)
    throw new InputError('berth token new', [
      `there is a token ${name}; revoke it first, or take another name`,
    ])
  addAuditLine(state, { action: 'token_made', name, by, reason: '', rest: { scope, endsAtMs } })
  stdout.write(`${secret}\n`)
  return EXIT.ok
}

/** `berth token list` */
export async function listTokens({ state, stdout }: Context, json: boolean): Promise<number> {
  const tokens = (await withStore(state, (store) => store.tokens(Date.now()))) ?? []
  if (json) stdout.write(jsonText(tokens))
  else if (tokens.length === 0) stdout.write('There is no token; make one with `berth token new NAME`.\n')
  else
    stdout.write(
      table(
        [{ head: 'name', whole: true }, 'scope', 'made', { head: 'by', spare: 1 }, 'last used', 'ends'],
        tokens.map(({ name, scope, madeAtMs, madeBy, usedAtMs, endsAtMs }) => [
          name,
          scope,
          momentText(madeAtMs, stdout),
          madeBy,
          momentText(usedAtMs, stdout),
          momentText(endsAtMs, stdout),
        ]),
        stdout,
      ),
    )
  return EXIT.ok
}

/** `berth token revoke`: holds from the next request on. */
export async function revokeToken({ state, stdout }: Context, name: string): Promise<number> {
  const revoked = await withStore(state, (store) => store.revokeToken(name, Date.now()))
  if (revoked !== true)
    throw new InputError('berth token revoke', [`there is no token ${name}; see \`berth token list\``])
  addAuditLine(state, { action: 'token_revoked', name, by: personName(), reason: '', rest: {} })
  stdout.write(`Token ${name} is revoked.\n`)
  return EXIT.ok
}
