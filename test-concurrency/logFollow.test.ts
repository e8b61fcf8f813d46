import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fstatSync, openSync, writeSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'

const MIB = 1024 * 1024
const LOG_BYTES = 50 * MIB
const FIRST_BYTES = 8 * MIB
/** A follower that takes nothing: what its socket and one event take. What is garbage already counts for nothing: when that goes is V8's affair. */
const MOST_KEPT = 8 * MIB
const LINE = Buffer.from(
  `\u001b[90m12:00:01\u001b[0m ${'pulling a layer of an image '.repeat(7)}\u001b[32mdone\u001b[0m\n`,
)

interface Memory {
  readonly kept: number
  readonly rss: number
  readonly buffers: number
}

test('R-OBS-03 a live log of 50 MB is followed to its last byte, and neither that nor a follower who reads nothing makes the service grow', async () => {
  await using service = await startService()
  const fast = await follow(service.url)
  const stalled = await follow(service.url)
  stalled.pause()
  const reader = lastPlace(fast)
  // What is compiled and allocated once is there before it counts.
  await write(service.file, FIRST_BYTES)
  await reader.reaches(FIRST_BYTES)
  const before = await service.memory('begin')
  const size = await write(service.file, LOG_BYTES)
  await reader.reaches(size)
  const after = await service.memory('end')
  const kept = after.kept - before.kept
  console.log(
    `followed ${(size / MIB).toFixed(0)} MiB: ${(kept / MIB).toFixed(1)} MiB more kept; rss ${(before.rss / MIB).toFixed(0)} MiB before, at most ${(after.rss / MIB).toFixed(0)} MiB; buffers at most ${(after.buffers / MIB).toFixed(1)} MiB`,
  )
  expect(size).toBeGreaterThan(LOG_BYTES)
  expect(kept).toBeLessThan(MOST_KEPT)
  fast.destroy()
  stalled.destroy()
}, 600_000)

async function startService() {
  const child = spawn(
    process.execPath,
    ['--expose-gc', new URL('fixtures/logServer.ts', import.meta.url).pathname],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const { url, file }: { url: string; file: string } = JSON.parse((await lines.next()).value ?? '')
  return {
    url,
    file,
    async memory(word: string): Promise<Memory> {
      child.stdin.write(`${word}\n`)
      return JSON.parse((await lines.next()).value ?? '')
    },
    [Symbol.asyncDispose]: () => ended(child),
  }
}

async function ended(child: ChildProcess): Promise<void> {
  child.stdin?.end()
  child.kill('SIGKILL')
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

async function follow(url: string): Promise<IncomingMessage> {
  const [response]: IncomingMessage[] = await once(get(`${url}?from=0&line=1`), 'response')
  if (response === undefined) throw new Error('there was no answer')
  return response
}

/** Reads all of it, and keeps only the place that was told last. */
function lastPlace(response: IncomingMessage) {
  const at = { rest: '', byte: 0, heard: Promise.withResolvers<void>() }
  response.setEncoding('utf8').on('data', (text: string) => {
    const found = `${at.rest}${text}`.matchAll(/^id: (\d+):\d+$/gm)
    for (const [, byte] of found) at.byte = Number(byte)
    at.rest = text.slice(-40)
    at.heard.resolve()
  })
  return {
    async reaches(wanted: number): Promise<void> {
      while (at.byte < wanted) {
        await at.heard.promise
        at.heard = Promise.withResolvers()
      }
    },
  }
}

/** Lines until the file has more than so many bytes; the size that it has then. */
async function write(file: string, bytes: number): Promise<number> {
  const fd = openSync(file, 'a')
  const chunk = Buffer.concat(Array.from({ length: 256 }, () => LINE))
  while (fstatSync(fd).size <= bytes) {
    writeSync(fd, chunk)
    await turn()
  }
  const { size } = fstatSync(fd)
  closeSync(fd)
  return size
}
