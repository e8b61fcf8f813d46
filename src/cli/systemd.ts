import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { execa } from 'execa'
import { codeOf } from '../errors.ts'

const ANSWER_MS = 5000

/** What systemd says of a unit: its properties by their names, as texts. */
export interface Unit {
  readonly name: string
  readonly of: (property: string) => string
}

/** Null = systemd does not know it, or there is no systemd that answers: not booted by it, a container, another init. */
export async function unitNamed(name: string): Promise<Unit | null> {
  const words = ['show', '--no-pager', `--property=${PROPERTIES.join(',')}`, name]
  const { failed, stdout } = await execa('systemctl', words, {
    reject: false,
    timeout: ANSWER_MS,
    stdin: 'ignore',
  })
  if (failed) return null
  const properties = new Map(
    stdout.split('\n').map((line) => {
      const at = line.indexOf('=')
      return [line.slice(0, at), line.slice(at + 1)] as const
    }),
  )
  if ((properties.get('LoadState') ?? 'not-found') === 'not-found') return null
  return { name, of: (property) => properties.get(property) ?? '' }
}

/** The version of the systemd that answers; null = none does. */
export async function systemdVersion(): Promise<number | null> {
  const { failed, stdout } = await execa('systemctl', ['show', '--property=Version', '--value'], {
    reject: false,
    timeout: ANSWER_MS,
    stdin: 'ignore',
  })
  const found = failed ? null : /^(\d+)/.exec(stdout)?.[1]
  return found === null || found === undefined ? null : Number(found)
}

/** What of a unit may take from the runs below it, with the values that take nothing; berth.service says why for each. */
export const TAKES_NOTHING: Readonly<Record<string, string>> = {
  PrivateTmp: 'no',
  ProtectSystem: 'no',
  ProtectHome: 'no',
  ProtectControlGroups: 'no',
  ProtectKernelTunables: 'no',
  ProtectProc: 'default',
  PrivateDevices: 'no',
  PrivateUsers: 'no',
  PrivateNetwork: 'no',
  DynamicUser: 'no',
  MemoryDenyWriteExecute: 'no',
  RestrictSUIDSGID: 'no',
}

const PROPERTIES = (
  'LoadState ActiveState UnitFileState NeedDaemonReload KillMode Delegate Environment EnvironmentFiles ' +
  Object.keys(TAKES_NOTHING).join(' ')
).split(' ')

export interface UnitEnvironment {
  readonly env: Readonly<Record<string, string>>
  /** Files that it has, and that this user cannot read. */
  readonly closed: readonly string[]
  /** Files that it has, and others than their owner can read. */
  readonly files: readonly string[]
}

/** The environment that a unit gives its service, as far as this user may read it. */
export function environmentOf(unit: Unit): UnitEnvironment {
  const files = [...unit.of('EnvironmentFiles').matchAll(/(\/\S+) \(ignore_errors=/g)].map(
    ([, file = '']) => file,
  )
  const [env, closed]: [Record<string, string>, string[]] = [{ ...wordsOf(unit.of('Environment')) }, []]
  for (const file of files)
    try {
      Object.assign(env, parseEnv(readFileSync(file, 'utf8')))
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') closed.push(file)
    }
  return { env, closed, files }
}

/** `A=1 "B=two words"`, as `systemctl show` has it. */
function wordsOf(text: string): Readonly<Record<string, string>> {
  const words = [...text.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll(/\\(.)/g, '$1') ?? plain ?? '',
  )
  return Object.fromEntries(
    words.flatMap((word) =>
      word.includes('=') ? [[word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]] : [],
    ),
  )
}
