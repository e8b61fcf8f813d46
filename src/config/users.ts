import type { RunAs } from '../model/run.ts'
import type { Finding } from './document.ts'

/** What `/etc/passwd` and `/etc/group` say, as text (passwd(5), group(5)), and whose process asks. */
export interface UserFacts {
  readonly passwd: string
  readonly group: string
  /** Effective uid of this process. */
  readonly ownUid: number
}

/** Who is in one of these groups can become root, or read what only root should. */
const PRIVILEGED_GROUPS: ReadonlySet<string> = new Set([
  'root',
  'docker',
  'podman',
  'containerd',
  'lxd',
  'incus',
  'incus-admin',
  'libvirt',
  'disk',
  'shadow',
  'sudo',
  'wheel',
])

interface User extends RunAs {
  readonly name: string
}

/**
 * The users that stages run as, one per slot, or what is wrong with each (R-RUN-20): a stage's user may neither be root or be
 * able to become it, nor be the harness's own, nor be shared.
 */
export function resolveUsers(
  wanted: readonly (string | number | undefined)[],
  facts: UserFacts,
): { readonly users: readonly RunAs[]; readonly findings: readonly Finding[] } {
  const all = usersIn(facts.passwd)
  const found = wanted.map((want) => all.find((user) => user.name === want || user.uid === want))
  const findings = wanted.flatMap((want, index) => {
    if (want === undefined) return []
    const user = found[index]
    const text = user === undefined ? unknownUser(want) : userFault(user, found.slice(0, index), facts)
    return text === null ? [] : [{ path: ['runAs', index], text }]
  })
  return {
    users: found.flatMap((user) => (user === undefined ? [] : [{ uid: user.uid, gid: user.gid }])),
    findings,
  }
}

function unknownUser(want: string | number): string {
  return `there is no user ${want} in /etc/passwd; make one with: useradd --system --user-group NAME`
}

function userFault(user: User, earlier: readonly (User | undefined)[], facts: UserFacts): string | null {
  if (user.uid === 0) return `${user.name} has uid 0; stages may not run as root`
  if (user.uid === facts.ownUid)
    return `${user.name} is the user that berth itself runs as; stages need another one`
  if (earlier.some((other) => other?.uid === user.uid))
    return `${user.name} is there already; each slot needs a user of its own`
  const group = groupsOf(user, facts.group).find((name) => PRIVILEGED_GROUPS.has(name))
  if (group === undefined) return null
  return `${user.name} is in the group ${group}, whose members can take over the machine; take it out of the group`
}

function usersIn(passwd: string): readonly User[] {
  return linesOf(passwd).flatMap(([name = '', , uid = '', gid = '']) =>
    isNumber(uid) && isNumber(gid) ? [{ name, uid: Number(uid), gid: Number(gid) }] : [],
  )
}

function groupsOf(user: User, group: string): readonly string[] {
  return linesOf(group)
    .filter(
      ([, , gid = '', members = '']) => Number(gid) === user.gid || members.split(',').includes(user.name),
    )
    .map(([name = '']) => name)
}

function linesOf(text: string): readonly (readonly string[])[] {
  return text.split('\n').map((line) => line.trim().split(':'))
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text)
}
