import { spawn } from 'node:child_process'
import { EXIT, InputError } from '../errors.ts'
import { holdInBackground, noteHold } from '../lock/holds.ts'
import { lookAtNames, type NameLook } from '../lock/look.ts'
import type { Held } from '../lock/nameLocks.ts'
import { claimInTurn } from '../lock/waiting.ts'
import { runDomainFault } from '../model/domain.ts'
import { formatDuration } from '../model/duration.ts'
import { isResource, nameFault } from '../model/names.ts'
import { releaseName as releaseNow } from '../process/byHand.ts'
import { recoverer } from '../process/recovery.ts'
import { addAuditLine, lastAuditLines } from '../store/audit.ts'
import type { Context } from './context.ts'
import { jsonText } from './json.ts'
import { personName } from './person.ts'
import { paintOf, type Screen } from './screen.ts'
import { momentText, table, timeText } from './table.ts'

/** `berth locks`: looks, and takes no lock. */
export function listLocks({ state, stdout }: Context, json: boolean): number {
  const looks = lookAtNames(state)
  if (json) stdout.write(jsonText(looks))
  else if (looks.length === 0) stdout.write('No name is in use.\n')
  else
    stdout.write(
      table(
        [
          { head: 'name', whole: true },
          { head: 'state', paint: paintOf },
          { head: 'since', spare: 1 },
          'holder',
          'waiters',
        ],
        looks.map((look) => rowOf(look, stdout)),
        stdout,
      ),
    )
  return EXIT.ok
}

function rowOf(look: NameLook, screen: Screen): string[] {
  const { name, state, sinceMs, run, pids, waiters, hold } = look
  const byHand = hold === null ? null : `held by ${hold.by} until ${timeText(hold.untilMs)}: ${hold.reason}`
  const processes = pids.length === 0 ? '' : ` (pid ${pids.join(', ')})`
  return [
    name,
    state,
    momentText(sinceMs, screen),
    `${byHand ?? (run === null ? '' : `run ${run}`)}${processes}`,
    waiters.join(', '),
  ]
}

export interface HoldWish {
  readonly name: string
  readonly command: readonly string[]
  readonly reason: string
  readonly forMs: number
  readonly waitMs: number
}

/** `berth locks hold`: keeps a name while a command runs, or in a small process of its own until the time is over. */
export async function holdName(context: Context, wish: HoldWish): Promise<number> {
  const { state, stdout, stderr } = context
  checkName(context, wish.name, 'berth locks hold')
  const wait = {
    what: `hold: ${wish.reason}`,
    forMs: wish.waitMs,
    signal: new AbortController().signal,
    waiting: () => undefined,
  }
  const claimed = await claimInTurn(
    state,
    [wish.name],
    [[wish.name]],
    recoverer(state, 'locks hold', false),
    wait,
  )
  if (claimed.kind !== 'held') {
    stderr.write(
      `berth: ${wish.name} ${claimed.kind === 'busy' ? 'is busy' : `is dirty (${claimed.why})`}; see \`berth locks\`\n`,
    )
    return EXIT.busy
  }
  const by = personName()
  const hold = { name: wish.name, reason: wish.reason, by, untilMs: Date.now() + wish.forMs, order: null }
  const rest = { untilMs: hold.untilMs, command: wish.command, ...sudoUser() }
  addAuditLine(state, { action: 'hold', name: wish.name, by, reason: wish.reason, rest })
  if (wish.command.length > 0) return holdWhile(context, claimed, hold, wish)
  await holdInBackground(state, claimed, hold, wish.forMs)
  stdout.write(
    `${wish.name} is held for ${formatDuration(wish.forMs)}; end it with: berth locks release ${wish.name} --reason …\n`,
  )
  return EXIT.ok
}

type HoldNote = Parameters<typeof noteHold>[1]

/** The lock is this process's: the command never has the descriptor, and the name is free when we end, however we end. */
async function holdWhile(
  { state, stderr }: Context,
  _held: Held,
  hold: HoldNote,
  wish: HoldWish,
): Promise<number> {
  noteHold(state, hold, process.pid)
  const [file = '', ...args] = wish.command
  const child = spawn(file, args, { stdio: 'inherit' })
  const timer = setTimeout(() => child.kill('SIGTERM'), wish.forMs)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
  const code = await new Promise<number>((resolve) => {
    child.once('error', (error) => {
      stderr.write(`berth: ${file} cannot be started: ${error.message}\n`)
      resolve(EXIT.badInput)
    })
    child.once('exit', (exit) => resolve(exit ?? EXIT.cancelled))
  })
  clearTimeout(timer)
  return code
}

/** `berth locks release`: ends a hold, or clears the mark of a dead run; never a live run. */
export function releaseName(context: Context, name: string, reason: string): number {
  const { state, stdout, stderr } = context
  checkName(context, name, 'berth locks release')
  const released = releaseNow(state, { name, by: personName(), reason, rest: sudoUser() })
  switch (released.kind) {
    case 'hold':
      stdout.write(`${name}: the hold of ${released.hold.by} (${released.hold.reason}) is ended.\n`)
      return EXIT.ok
    case 'busy':
      stderr.write(
        `berth: ${name} is busy: a live run has it, or is being recovered. Stop it with \`berth cancel\`; a live run is never released.\n`,
      )
      return EXIT.busy
    case 'clean':
      stdout.write(`${name} was free and clean already.\n`)
      return EXIT.ok
    case 'released':
      stdout.write(`${name} is clean now (${released.runs.join(', ')}).\n`)
      if (released.auditFault !== null)
        stderr.write(`berth: the audit line cannot be written: ${released.auditFault}\n`)
      return EXIT.ok
  }
}

/** `berth locks audit`: what people did to names by hand, oldest first. */
export function listAudit({ state, stdout }: Context, options: { json: boolean; limit: number }): number {
  const lines = lastAuditLines(state, options.limit)
  if (options.json) stdout.write(jsonText(lines.map(({ rest, ...line }) => ({ ...line, ...rest }))))
  else if (lines.length === 0) stdout.write('Nobody has held or released a name by hand.\n')
  else
    stdout.write(
      table(
        ['when', 'who', 'did', 'name', 'why', { head: 'more', spare: 1 }],
        lines.map(({ at, by, action, name, reason, rest }) => [
          momentText(Date.parse(at), stdout),
          by,
          action,
          name,
          reason,
          JSON.stringify(rest),
        ]),
        stdout,
      ),
    )
  return EXIT.ok
}

/** Root is whoever called sudo(8). */
function sudoUser(): { readonly sudoUser?: string } {
  const user = process.env['SUDO_USER'] ?? ''
  return user === '' ? {} : { sudoUser: user }
}

function checkName({ config }: Context, name: string, what: string): void {
  const fault = isResource(name) ? nameFault(name) : runDomainFault(name, config)
  if (fault !== null) throw new InputError(what, [fault])
}
