import { createHash, type Hash } from 'node:crypto'
import { BLOCK, type Header, isLong, longOf, readHeader, TarFault, type TarMember } from './tarHeader.ts'

/** By path, without `./` before and `/` behind. */
export type TarMembers = ReadonlyMap<string, TarMember>

/** Reads an archive that comes in pieces, and keeps of it what can be compared; of its content nothing. */
export interface TarIndex {
  /** @throws TarFault */
  readonly push: (chunk: Buffer) => void
  /** @throws TarFault where the archive is not whole */
  readonly end: () => TarMembers
}

/** A header of a member that has a longer one of its own before it: names, links. */
const MOST_LONG_BYTES = 1024 * 1024

/** tar as pax(1) and GNU have it: what the engine writes (Go's archive/tar), and no kind besides. */
export function openTarIndex(mostMembers: number): TarIndex {
  const members = new Map<string, TarMember>()
  let long: ReadonlyMap<string, string> = new Map()

  function longBody(header: Header): Body {
    if (header.size > MOST_LONG_BYTES) throw new TarFault(`a name in it has ${header.size} bytes`)
    const parts: Buffer[] = []
    return {
      size: header.size,
      take: (part) => parts.push(Buffer.from(part)),
      end() {
        long = new Map([...long, ...longOf(header, Buffer.concat(parts))])
      },
    }
  }

  const blocks = openBlocks((head) => {
    const header = readHeader(head, long)
    if (isLong(header)) return longBody(header)
    long = new Map()
    if (members.size >= mostMembers) throw new TarFault(`it has more than ${mostMembers} files`)
    const hash = createHash('sha256')
    return {
      size: header.kind === 'file' ? header.size : 0,
      take: (part) => hash.update(part),
      end: () => members.set(header.path, memberOf(header, hash)),
    }
  })
  return {
    push: blocks.push,
    end() {
      if (!blocks.isWhole()) throw new TarFault('it ends in the middle')
      return members
    },
  }
}

function memberOf({ kind, size, rights, link }: Header, hash: Hash): TarMember {
  const isFile = kind === 'file'
  return { kind, size: isFile ? size : 0, rights, link, digest: isFile ? hash.digest('hex') : '' }
}

/** What comes behind a header. */
interface Body {
  readonly size: number
  readonly take: (part: Buffer) => unknown
  readonly end: () => unknown
}

/** Headers and bodies, each filled up to whole blocks; two empty blocks are the end, whatever comes behind them. */
function openBlocks(begin: (head: Buffer) => Body) {
  const head = Buffer.alloc(BLOCK)
  const state = { filled: 0, zeros: 0, left: 0, fill: 0 }
  let body: Body | null = null

  function takeHeader(part: Buffer): number {
    const taken = part.copy(head, state.filled)
    state.filled += taken
    if (state.filled < BLOCK) return taken
    state.filled = 0
    if (head.every((byte) => byte === 0)) {
      state.zeros += 1
      return taken
    }
    body = begin(head)
    state.left = body.size
    state.fill = (BLOCK - (body.size % BLOCK)) % BLOCK
    return taken
  }

  function takeBody(open: Body, part: Buffer): number {
    const content = part.subarray(0, state.left)
    open.take(content)
    state.left -= content.length
    const fill = Math.min(state.fill, part.length - content.length)
    state.fill -= fill
    return content.length + fill
  }

  function endBody(): void {
    if (body === null || state.left > 0 || state.fill > 0) return
    body.end()
    body = null
  }

  return {
    isWhole: () => state.zeros >= 2,
    push(chunk: Buffer): void {
      for (let at = 0; at < chunk.length && state.zeros < 2; endBody()) {
        const part = chunk.subarray(at)
        at += body === null ? takeHeader(part) : takeBody(body, part)
      }
    },
  }
}
