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

type Folders = Pick<PolicyScene, 'checkout' | 'folder'>

/** `./site` of what is in the checkout, `./` of all of it; null = it is of the host. */
export function nameInside(path: string, folders: Folders): string | null {
  const plain = plainPath(path, folders)
  return `${plain}/`.startsWith(`${folders.checkout}/`)
    ? `./${plain.slice(folders.checkout.length + 1)}`
    : null
}

/** By names alone: whether a path, absolute or from the scene's folder on, is of something in the checkout. */
function isInside(path: string, folders: Folders): boolean {
  return plainPath(path, folders).startsWith(`${folders.checkout}/`)
}

function plainPath(path: string, { folder }: Folders): string {
  const parts: string[] = []
  for (const part of (path.startsWith('/') ? path : `${folder}/${path}`).split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}
