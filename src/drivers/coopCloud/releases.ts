/** A tag of a recipe's repository, and the commit it stands on. */
export interface Tag {
  readonly name: string
  readonly commit: string
}

/** `<recipe's own version>+<upstream's>`: 1.2.0+2.14.1, 1.0.0+1.0.5-social-amd64. */
const RELEASE = /^v?(\d+)\.(\d+)\.(\d+)(-[0-9A-Za-z.-]+)?(?:\+(.+))?$/

/**
 * The last release before a commit, or null where there is none. A tag on the commit itself is the commit; a version with a suffix of its own
 * (1.2.0-rc1+2.14.1) is not released yet.
 * @param tags those that the commit has among its ancestors (`git tag --merged`)
 */
export function lastRelease(tags: readonly Tag[], commit: string): Tag | null {
  const released = tags.filter((tag) => tag.commit !== commit && RELEASE.exec(tag.name)?.[4] === undefined)
  return inOrderOfRelease(released).at(-1) ?? null
}

/** Oldest first, by version and not by date; tags that are no versions are left out. */
export function inOrderOfRelease<T extends { readonly name: string }>(tags: readonly T[]): readonly T[] {
  return tags
    .flatMap((tag) => {
      const parts = RELEASE.exec(tag.name)
      return parts === null ? [] : [{ tag, parts }]
    })
    .sort((one, other) => compare(one.parts, other.parts) || byCodeUnit(one.tag.name, other.tag.name))
    .map(({ tag }) => tag)
}

/** The recipe's own version decides; semver would leave what is behind the `+` out of account, and maintainers have released twice under one version. */
function compare(one: RegExpExecArray, other: RegExpExecArray): number {
  for (const at of [1, 2, 3]) {
    const difference = byNumber(one[at] ?? '', other[at] ?? '')
    if (difference !== 0) return difference
  }
  return bySuffix(one[4] ?? '', other[4] ?? '') || byText(one[5] ?? '', other[5] ?? '')
}

/** 1.2.0-rc1 comes before 1.2.0. */
function bySuffix(one: string, other: string): number {
  if (one === '' || other === '') return Number(one === '') - Number(other === '')
  return byText(one, other)
}

const PRE_RELEASE = /^(?:alpha|beta|dev|pre|preview|rc)$/i

/** Numbers as numbers, words as words, from left to right. */
function byText(one: string, other: string): number {
  const [left, right] = [partsOf(one), partsOf(other)]
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const difference = byPart(left[at], right[at])
    if (difference !== 0) return difference
  }
  return 0
}

function partsOf(text: string): readonly string[] {
  return text.replace(/^v(?=\d)/, '').match(/\d+|[A-Za-z]+/g) ?? []
}

/** A pre-release comes before the end, the end before a word such as `alpine`, and a word before a number: 1.0-rc1, 1.0, 1.0-alpine, 1.0.1. */
function byPart(one: string | undefined, other: string | undefined): number {
  const difference = rank(one) - rank(other)
  if (difference !== 0 || one === undefined || other === undefined) return difference
  return rank(one) === NUMBER ? byNumber(one, other) : byCodeUnit(one, other)
}

const NUMBER = 3

function rank(part: string | undefined): number {
  if (part === undefined) return 1
  if (PRE_RELEASE.test(part)) return 0
  return /^\d/.test(part) ? NUMBER : 2
}

/** Of any length: a date with a time is past what a number holds exactly. */
function byNumber(one: string, other: string): number {
  const [left, right] = [BigInt(one || '0'), BigInt(other || '0')]
  return Number(left > right) - Number(left < right)
}

function byCodeUnit(one: string, other: string): number {
  return Number(one > other) - Number(one < other)
}
