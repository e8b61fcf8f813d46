import { stringify } from 'yaml'
import type { Hostile } from '../model/enginePolicy/hostile.ts'

/** A row of docs/engine-policy.md: what is tried, the key that is named, and the way out. */
export function hostileRow({ what, key, allow }: Hostile): string {
  const line = allow === null ? 'nothing' : `\`${stringify(allow, { collectionStyle: 'flow' }).trim()}\``
  return `| ${what} | \`${key}\` | ${line} |`
}
