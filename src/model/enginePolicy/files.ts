import { type At, type Look, listOf, type PolicyScene, refuse } from './look.ts'

/** The disk has the last word (links); a name that leaves the checkout is refused at once, with its key. */
export function insideFile(value: unknown, at: At): unknown {
  if (isInside(String(value), at.scene)) return value
  return refuse(at, 'the file is outside the checkout', 'keep it in the repository')
}

const insideFiles = listOf((value, at) =>
  insideFile(typeof value === 'object' && value !== null && 'path' in value ? value.path : value, at),
)

/** By now their content is in the environment: only the names are looked at, and nothing is left for the client to read again. */
export const envFiles: Look = (value, at) => {
  insideFiles(value, at)
  return undefined
}

/** For people: files of the repository by their names in it. */
export function shownFile(path: string, { checkout }: PolicyScene): string {
  return path.startsWith(`${checkout}/`) ? `.${path.slice(checkout.length)}` : path
}

/** By names alone: whether a path, absolute or from the scene's folder on, stays in the checkout. */
export function isInside(
  path: string,
  { checkout, folder }: Pick<PolicyScene, 'checkout' | 'folder'>,
): boolean {
  return plainPath(path.startsWith('/') ? path : `${folder}/${path}`).startsWith(`${checkout}/`)
}

function plainPath(path: string): string {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}
