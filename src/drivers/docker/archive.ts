import { createReadStream, createWriteStream } from 'node:fs'
import { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { HarnessError, messageOf } from '../../errors.ts'
import { fieldsOf, numberOf } from '../../model/read.ts'
import type { Engine } from './engine.ts'
import { EngineError, isMissing } from './engineError.ts'
import { readTarMembers, TarFault, type TarMembers } from './tarMembers.ts'

/** A file or folder in a container. */
export interface Place {
  /** For people. */
  readonly service: string
  /** Its id. */
  readonly container: string
  /** Absolute. */
  readonly path: string
}

/** What all copies of a stage may hold together; copying takes from it. */
export interface Room {
  bytes: number
}

export interface CopiedOut {
  readonly isFolder: boolean
  readonly members: TarMembers
}

const MOST_MEMBERS = 100_000
/** Go's io/fs: bits of a mode. */
const FOLDER_BIT = 2 ** 31
const LINK_BIT = 2 ** 27

/**
 * Copies a file, or what is in a folder, out of a container as an archive of the engine's making. The container's own programs take no part in it, so
 * it needs none. Nobody unpacks it on this machine: what is in it is others'.
 * @param file for the archive; must not be there yet; null = only what is in it is told
 * @returns or why there is none, for people
 * @throws EngineError; HarnessError ARCHIVE where the engine ends in the middle
 */
export async function copyOut(
  engine: Engine,
  place: Place,
  { file, room, signal }: { readonly file: string | null; readonly room: Room; readonly signal: AbortSignal },
): Promise<CopiedOut | { readonly fault: string }> {
  const isFolder = await unlessRefused(folderAt(engine, place))
  if (typeof isFolder === 'object') return isFolder ?? { fault: 'it is not there' }
  // With the dot it is the folder's content, also behind a link, and goes back without a look at what is above.
  const path = isFolder ? `${place.path}/.` : place.path
  const what = `copy ${place.path} out of ${place.service}`
  const stream = await unlessRefused(
    engine.call(what, (docker) => docker.getContainer(place.container).getArchive({ path })),
  )
  if ('fault' in stream) return stream
  const content: AsyncIterable<Buffer> = Readable.from(stream)
  async function* limited(): AsyncGenerator<Buffer> {
    for await (const chunk of content) {
      room.bytes -= chunk.length
      if (room.bytes < 0) throw new TarFault('with the rest of it there is more than a stage copies')
      yield chunk
    }
  }
  try {
    if (file === null) return { isFolder, members: await readTarMembers(limited(), MOST_MEMBERS, signal) }
    await pipeline(limited, createWriteStream(file, { flags: 'wx', mode: 0o600 }), { signal })
    return { isFolder, members: await membersIn(file) }
  } catch (error) {
    if (error instanceof TarFault) return { fault: error.message }
    if (signal.aborted) return { fault: 'the stage was stopped' }
    throw new HarnessError('ARCHIVE', `The Docker Engine could not ${what}: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

/** Paths are a pull request's words: what the engine cannot do with them is its author's to hear, and no fault of ours. */
async function unlessRefused<T>(answer: Promise<T>): Promise<T | { readonly fault: string }> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof EngineError && error.fault === 'refused') return { fault: error.message }
    throw error
  }
}

/** Whether it is a folder; null = it is not there. */
async function folderAt(engine: Engine, { container, path }: Place): Promise<boolean | null> {
  try {
    const answer: unknown = await engine.call(`look at ${path}`, (docker, abortSignal) =>
      docker.getContainer(container).infoArchive({ path, abortSignal }),
    )
    if (!(answer instanceof IncomingMessage)) throw new TypeError('an answer without headers')
    answer.resume()
    const stat: unknown = JSON.parse(Buffer.from(statOf(answer), 'base64').toString('utf8'))
    const mode = numberOf(fieldsOf(stat, 'stat'), 'mode')
    return Math.floor(mode / FOLDER_BIT) % 2 === 1 || Math.floor(mode / LINK_BIT) % 2 === 1
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

function statOf({ headers }: IncomingMessage): string {
  return String(headers['x-docker-container-path-stat'])
}

/** What is in an archive of `copyOut`. @throws TarFault */
export function membersIn(file: string): Promise<TarMembers> {
  return readTarMembers(createReadStream(file), MOST_MEMBERS)
}

export interface CopyIn {
  readonly file: string
  readonly isFolder: boolean
  readonly mostMs: number
  readonly signal: AbortSignal
}

/**
 * Puts an archive of `copyOut` back to where it came from; what has the same name there is replaced.
 * @returns why it could not be, for people; null = it is there
 * @throws EngineError
 */
export async function copyIn(
  engine: Engine,
  { service, container, path }: Place,
  { file, isFolder, mostMs, signal }: CopyIn,
): Promise<string | null> {
  const to = isFolder ? path : path.slice(0, path.lastIndexOf('/')) || '/'
  const put = engine.call(
    `copy ${path} into ${service}`,
    (docker, abortSignal) =>
      docker.getContainer(container).putArchive(createReadStream(file), { path: to, abortSignal }),
    { mostMs, signal },
  )
  const done = await unlessRefused(put.then(() => null))
  return done === null ? null : done.fault
}
