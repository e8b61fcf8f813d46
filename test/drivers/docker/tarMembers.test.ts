import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { array, assert, asyncProperty, integer } from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readTarMembers, TarFault, type TarMembers } from '../../../src/drivers/docker/tarMembers.ts'

const LONG = `deep/${'folder-with-a-long-name/'.repeat(6)}${'file'.repeat(25)}`
const FILES: Readonly<Record<string, string>> = {
  empty: '',
  'it is': 'written\n',
  block: 'x'.repeat(512),
  'sub/ünï\ncode': 'y'.repeat(1025),
  [LONG]: 'far down',
}

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'berth-tar-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(FILES)) {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), content, { mode: 0o640 })
  }
  symlinkSync('../../etc/passwd', join(folder, 'link'))
  symlinkSync(`/${LONG}`, join(folder, 'long link'))
  linkSync(join(folder, 'it is'), join(folder, 'other name'))
  execFileSync('mkfifo', [join(folder, 'pipe')])
  return folder
}

function archiveOf(folder: string, format: string): Buffer {
  const words = [`--format=${format}`, '--owner=:1234', '--group=:77', '--sort=name', '-C', folder, '-c', '.']
  return execFileSync('tar', words)
}

function indexOf(archive: Buffer, sizes: readonly number[] = [], most = 100): Promise<TarMembers> {
  return readTarMembers(piecesOf(archive, sizes), most)
}

async function* piecesOf(archive: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let at = 0
  for (const size of sizes) {
    yield archive.subarray(at, at + size)
    at += size
  }
  yield archive.subarray(at)
}

describe('an archive that is read for comparison', () => {
  test.each(['pax', 'gnu'])('R-DKR-13 of format %s tells all of its members', async (format) => {
    const members = await indexOf(archiveOf(makeFolder(), format))
    for (const [name, content] of Object.entries(FILES))
      if (name !== 'it is')
        expect(members.get(name), name).toEqual({
          kind: 'file',
          size: Buffer.byteLength(content),
          rights: '640 1234:77',
          link: '',
          digest: createHash('sha256').update(content).digest('hex'),
        })
    expect(members.get('link')).toMatchObject({ kind: 'link', link: '../../etc/passwd' })
    expect(members.get('long link')).toMatchObject({ kind: 'link', link: `/${LONG}` })
    expect(members.get('other name')).toMatchObject({ kind: 'hard link', link: './it is' })
    expect(members.get('pipe')).toMatchObject({ kind: 'special' })
    expect(members.get('sub')).toMatchObject({ kind: 'folder', digest: '' })
  })

  test('R-DKR-13 tells the same in whatever pieces it comes', async () => {
    const archive = archiveOf(makeFolder(), 'pax')
    const whole = await indexOf(archive)
    await assert(
      asyncProperty(array(integer({ min: 1, max: 1500 }), { maxLength: 60 }), async (sizes) => {
        expect(await indexOf(archive, sizes)).toEqual(whole)
      }),
    )
  })

  test('R-DKR-13 that ends anywhere before its end, or is damaged in a header, is none', async () => {
    const archive = archiveOf(makeFolder(), 'pax')
    const end = archive.lastIndexOf(Buffer.from('far down')) + 512
    for (let at = 0; at < end; at += 256)
      await expect(indexOf(archive.subarray(0, at)), `${at}`).rejects.toThrow(TarFault)
    for (const at of [0, 110, 130, 150, 156]) {
      const damaged = Buffer.from(archive)
      damaged[at] = (damaged[at] ?? 0) ^ 0x55
      await expect(indexOf(damaged), `${at}`).rejects.toThrow(/damaged|kind/)
    }
  })

  test('R-DKR-13 with more members than are read is refused, and so is a kind that nobody knows', async () => {
    const archive = archiveOf(makeFolder(), 'pax')
    await expect(indexOf(archive, [], 3)).rejects.toThrow('it has more than 3 files')
    const folder = makeFolder()
    writeFileSync(join(folder, 'sparse'), '')
    truncateSync(join(folder, 'sparse'), 1024 * 1024)
    const sparse = execFileSync('tar', ['--format=gnu', '--sparse', '-C', folder, '-c', 'sparse'])
    await expect(indexOf(sparse)).rejects.toThrow('it has a member of a kind that nobody knows: sparse')
  })
})
