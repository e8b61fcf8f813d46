import { execFileSync } from 'node:child_process'
import { existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { EMPTY_JOURNAL, type EntryBody } from '../../src/model/journal.ts'
import { withUnwritten } from '../../src/store/journalFile.ts'
import { writeFromReserve } from '../../src/store/reserve.ts'
import { runPathsOf } from '../../src/store/runFolder.ts'
import { runRecord } from '../../src/store/runRecord.ts'
import { requestFor, stateFolder } from '../lock/world.ts'

const SRC = new URL('../../src/', import.meta.url).href
const KIB = 1024

test.skipIf(process.getuid?.() !== 0)(
  'R-RUN-01 R-RUN-21 what cannot be written to a full disk leaves nothing there, however often it is tried (as root)',
  () => {
    const folder = stateFolder().root
    const program = `
      const { createOnce, replaceFile } = await import('${SRC}store/durable.ts')
      const { readdirSync, writeFileSync } = await import('node:fs')
      try { writeFileSync('${folder}/fill', 'x'.repeat(${KIB * KIB})) } catch {}
      const codes = [createOnce, replaceFile, createOnce].map((write) => {
        try { write('${folder}/it', 'x'.repeat(${8 * KIB})) } catch (error) { return error.code }
      })
      console.log(codes.join(), readdirSync('${folder}').join())`
    const small = 'mount -t tmpfs -o size=64k berth "$0"; exec "$1" --input-type=module -e "$2"'
    const said = execFileSync('unshare', ['-m', 'sh', '-c', small, folder, process.execPath, program], {
      encoding: 'utf8',
    })
    expect(said).toBe('ENOSPC,ENOSPC,ENOSPC fill\n')
  },
)

test.skipIf(process.getuid?.() !== 0)(
  'R-RUN-01 R-RUN-03 R-LCK-11 a run that has filled the disk can be told to stop, and one that died over its result gets it (as root)',
  () => {
    const { root } = stateFolder()
    const ids = ['01m7xj306c77rt38', '01m7xj306c77rt39'] as const
    const requests = ids.map((id, index) => requestFor(id, [`${index}.example`]))
    const program = `
      const [{ openStateFolder }, { createRunFolder, noteStop, readStop }, { claim }, { readResult }, fs] = await Promise.all([
        import('${SRC}store/stateFolder.ts'), import('${SRC}store/runFolder.ts'), import('${SRC}lock/claim.ts'),
        import('${SRC}store/result.ts'), import('node:fs')])
      const state = openStateFolder('${root}/full')
      fs.mkdirSync('${root}/full/recipe')
      const [one, other] = ${JSON.stringify(requests)}.map((request) =>
        createRunFolder(state, request, '${root}/full/recipe'))
      const verified = { verified: true, ended: 0, ending: null, tookMs: 1, left: [] }
      fs.writeFileSync(other.journal, JSON.stringify({ at: 1, mono: 1, event: 'teardown.ended', report: verified }) + '\\n')
      fs.writeFileSync(state.open + '/' + other.id, JSON.stringify({ run: other.id, locks: ['1.example'], since: 1 }))
      fs.writeFileSync(state.locks + '/1.example.lock', '')
      const fill = () => { try { fs.appendFileSync('${root}/full/fill', Buffer.alloc(${4096 * KIB})) } catch {} }
      fill()
      noteStop(one, { reason: 'cancelled', by: 'octocat', atMs: 1 })
      fill()
      const claimed = await claim(state, ['1.example'], { by: 'the test', insist: false, recover: () => { throw new Error('torn down') } })
      console.log(readStop(one).by, claimed.kind, readResult(other)?.reason)`
    const small =
      'mkdir "$0/full"; mount -t tmpfs -o size=2m berth "$0/full"; exec "$1" --input-type=module -e "$2"'
    const said = execFileSync('unshare', ['-m', 'sh', '-c', small, root, process.execPath, program], {
      encoding: 'utf8',
    })
    expect(said).toBe('octocat held harness_fault\n')
  },
)

const STOP: EntryBody = { event: 'stop.requested', stop: { reason: 'fault', by: 'ENOSPC', atMs: 1 } }

test('R-RUN-01 the reserve is given up piece by piece: a disk that a stage goes on filling has room for the lines after its end', () => {
  const { run, record, taken } = recordOnFullDisk(20 * KIB)
  record.note(STOP)
  expect(record.complete).toBe(true)
  expect(statSync(run.reserve).size).toBe((256 - 32) * KIB)
  taken(224 * KIB)
  record.note(STOP)
  expect(record.complete).toBe(false)
  expect([existsSync(run.reserve), statSync(run.reserve).size]).toEqual([true, 0])
  expect(record.journal.stop).toMatchObject({ by: 'ENOSPC' })
})

test('R-RUN-01 R-RUN-03 a stop that a full disk does not take all the same leaves half of the reserve to teardown', () => {
  const { run } = recordOnFullDisk(0)
  const write = () => {
    throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
  }
  for (let tries = 0; tries < 3; tries += 1)
    expect(() => writeFromReserve(run.reserve, write)).toThrow('no space left')
  expect(statSync(run.reserve).size).toBe(128 * KIB)
})

/** A disk that takes a line only when so much of the run's reserve is free that somebody else has not taken. */
function recordOnFullDisk(lineBytes: number) {
  const run = runPathsOf(join(stateFolder().root, 'run-reserve'))
  const reserve = `${run.folder}-file`
  writeFileSync(reserve, Buffer.alloc(256 * KIB))
  let journal = EMPTY_JOURNAL
  let takenBytes = 0
  const file = {
    damaged: false,
    close: () => undefined,
    get journal() {
      return journal
    },
    append(body: EntryBody) {
      if (256 * KIB - statSync(reserve).size - takenBytes < lineBytes) throw new Error('ENOSPC')
      journal = withUnwritten(journal, body)
    },
  }
  return {
    run: { ...run, reserve },
    record: runRecord(file, { ...run, reserve }),
    taken: (bytes: number) => {
      takenBytes += bytes + lineBytes
    },
  }
}
