/** A domain, or a resource written `r:<word>`: what a lock protects. */
export type Name = string

/** One digit names a descriptor in POSIX sh, and the locks begin at 3: 3 to 9. */
export const MOST_NAMES = 7

/** RFC 1035 limits: 63 octets a label, 253 a name. */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const WORD = /^[a-z0-9][a-z0-9-]{0,62}$/
const MOST_DOMAIN_CHARACTERS = 253
/** Docker refuses longer stack names (its objects add their own suffixes to it). */
export const MOST_STACK_CHARACTERS = 63

/** What is wrong with a domain, or null. */
export function domainFault(domain: string): string | null {
  if (domain.length === 0) return 'a domain may not be empty'
  if (domain.length > MOST_DOMAIN_CHARACTERS)
    return `domain ${domain.slice(0, 40)}… has over ${MOST_DOMAIN_CHARACTERS} characters`
  if (domain.endsWith('.')) return `domain ${domain} may not end with a dot`
  const label = domain.split('.').find((part) => !LABEL.test(part))
  if (label === undefined) return null
  return `domain ${domain}: the part "${label}" must be 1 to 63 lower-case letters, digits and inner hyphens`
}

/** What is wrong with a name (domain or resource), or null. */
export function nameFault(name: Name): string | null {
  if (!isResource(name)) return domainFault(name)
  return WORD.test(name.slice(2))
    ? null
    : `resource ${name} must be r: and a word of lower-case letters, digits and hyphens`
}

export function isResource(name: Name): boolean {
  return name.startsWith('r:')
}

/** All names of a run in the order in which they are locked: sorted by code unit, without repeats. */
export function sortedNames(names: readonly Name[]): readonly Name[] {
  return [...new Set(names)].sort()
}

/** Docker's stack name of a domain: dots become underscores (Co-op Cloud's rule). */
export function stackName(domain: string): string {
  return domain.replaceAll('.', '_')
}

/** What is wrong with the stack name that a domain makes, or null. */
export function stackNameFault(domain: string): string | null {
  const stack = stackName(domain)
  if (stack.length <= MOST_STACK_CHARACTERS) return null
  return `domain ${domain} makes the stack name ${stack} of ${stack.length} characters; Docker takes at most ${MOST_STACK_CHARACTERS}`
}
