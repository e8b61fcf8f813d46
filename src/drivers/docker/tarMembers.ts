import { createHash } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import { type Entry, type Extract, extract, type Headers } from 'tar-stream'
import { messageOf } from '../../errors.ts'

/** Of a member of an archive, what a copy of it must have, too. */
export interface TarMember {
  readonly kind: 'file' | 'folder' | 'link' | 'hard link' | 'special'
  /** Bytes of a file. */
  readonly size: number
  /** Mode and owner: `644 0:0`. */
  readonly rights: string
  /** What a link leads to. */
  readonly link: string
  /** SHA-256 of a file, hex. */
  readonly digest: string
}

/** By path, without `./` before and `/` behind. */
export type TarMembers = ReadonlyMap<string, TarMember>

/** What is no archive, or more than is read. */
export class TarFault extends Error {
  override readonly name = 'TarFault'
}

/** Two empty blocks. An engine that fails between two members ends its answer as if it were whole. */
const END = Buffer.alloc(1024)

/**
 * Reads an archive, and keeps of it what can be compared; of its content nothing.
 * @throws TarFault; what the source throws
 */
export async function readTarMembers(
  source: AsyncIterable<Buffer>,
  most: number,
  signal?: AbortSignal,
): Promise<TarMembers> {
  const archive = extract()
  let isOfSource = false
  let tail = Buffer.alloc(0)
  async function* told(): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of source) {
        tail = Buffer.concat([tail, chunk.subarray(-END.length)]).subarray(-END.length)
        yield chunk
      }
    } catch (error) {
      isOfSource = true
      throw error
    }
  }
  const [members, piped] = await Promise.allSettled([
    membersOf(archive, most),
    pipeline(told, archive, signal === undefined ? {} : { signal }),
  ])
  if (members.status === 'rejected' && members.reason instanceof TarFault) throw members.reason
  if (piped.status === 'fulfilled' && members.status === 'fulfilled' && tail.equals(END)) return members.value
  const error: unknown = piped.status === 'rejected' ? piped.reason : 'it ends in the middle'
  if (isOfSource || signal?.aborted === true) throw error
  throw new TarFault(`it is damaged: ${messageOf(error)}`, { cause: error })
}

async function membersOf(archive: Extract, most: number): Promise<TarMembers> {
  const members = new Map<string, TarMember>()
  for await (const entry of archive) {
    if (members.size >= most) throw new TarFault(`it has more than ${most} files`)
    const { name } = entry.header
    members.set(name.replace(/^(?:\.\/)+/, '').replace(/\/+$/, ''), await memberOf(entry))
  }
  return members
}

const KINDS: Readonly<Record<string, TarMember['kind']>> = {
  file: 'file',
  'contiguous-file': 'file',
  link: 'hard link',
  symlink: 'link',
  directory: 'folder',
  'character-device': 'special',
  'block-device': 'special',
  fifo: 'special',
} satisfies { readonly [K in NonNullable<Headers['type']>]?: TarMember['kind'] }

async function memberOf(entry: Entry): Promise<TarMember> {
  const { type, name, size = 0, mode = 0, uid = 0, gid = 0, linkname } = entry.header
  const kind = KINDS[type ?? '']
  if (kind === undefined) throw new TarFault(`it has a member of a kind that nobody knows: ${name}`)
  const hash = createHash('sha256')
  for await (const chunk of entry) hash.update(chunk)
  const isFile = kind === 'file'
  return {
    kind,
    size: isFile ? size : 0,
    rights: `${(mode & 0o7777).toString(8)} ${uid}:${gid}`,
    link: linkname ?? '',
    digest: isFile ? hash.digest('hex') : '',
  }
}
