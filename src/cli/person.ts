import { userInfo } from 'node:os'

/** Who works here, for journals and audits. Containers give uids that /etc/passwd does not know: the number is a name, too. */
export function personName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid-${process.geteuid?.() ?? 'unknown'}`
  }
}
