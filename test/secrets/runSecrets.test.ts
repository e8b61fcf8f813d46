import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { addOpenRun, removeOpenRun } from '../../src/lock/openRuns.ts'
import type { RunAs } from '../../src/model/run.ts'
import { type SecretPlaces, secretPlaces } from '../../src/secrets/places.ts'
import { type RunSecrets, runSecrets } from '../../src/secrets/runSecrets.ts'
import { sweepSecrets } from '../../src/secrets/sweepSecrets.ts'
import { createRunFolder, type RunPaths, runPaths } from '../../src/store/runFolder.ts'
import { newRunId } from '../../src/store/runId.ts'
import type { StatePaths } from '../../src/store/stateFolder.ts'
import { requestFor, stateFolder } from '../lock/world.ts'

interface Scene {
  readonly state: StatePaths
  readonly run: RunPaths
  readonly places: SecretPlaces
  /** The operator's folder. */
  readonly operators: string
  /** As each process that conducts the run has them. */
  readonly process: () => RunSecrets
}

/** @param memory what stands where /dev/shm does */
function scene(memory?: string, runAs: RunAs | null = null): Scene {
  const state = stateFolder()
  const operators = mkdtempSync(join(tmpdir(), 'berth-secrets-'))
  writeFileSync(join(operators, 'KEY'), 'correct horse', { mode: 0o600 })
  writeFileSync(join(operators, 'TOKEN'), 'battery staple', { mode: 0o600 })
  const secrets = { folder: operators, names: ['KEY', 'TOKEN'], withheld: [] }
  const request = { ...requestFor(newRunId(), ['a.example']), secrets, runAs }
  mkdirSync(join(state.root, 'recipe'))
  const run = createRunFolder(state, request, join(state.root, 'recipe'))
  const places = secretPlaces(state, run, memory)
  onTestFinished(() => {
    rmSync(operators, { recursive: true, force: true })
    if (places.shared !== null) rmSync(places.shared, { recursive: true, force: true })
  })
  return { state, run, places, operators, process: () => runSecrets(request, places) }
}

function filesIn(folder: string | null): Readonly<Record<string, string>> {
  if (folder === null) return {}
  return Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
  )
}

const BOTH = { KEY: 'correct horse', TOKEN: 'battery staple' }
const modeOf = (path: string) => statSync(path).mode & 0o7777

describe('where secrets lie', () => {
  test('R-RUN-17 in memory, in a folder of the run, and gone without a trace with the run', () => {
    const { process, places, run } = scene()
    const secrets = process()
    secrets.place()
    expect(secrets.folder).toBe(places.inMemory)
    expect(secrets.folder).toMatch(/^\/dev\/shm\/berth-/)
    expect(filesIn(secrets.folder)).toEqual(BOTH)
    expect([modeOf(`${secrets.folder}`), modeOf(`${secrets.folder}/KEY`)]).toEqual([0o700, 0o400])
    expect(readdirSync(run.folder)).not.toContain('secrets')
    expect(secrets.remove()).toEqual([])
    expect(existsSync(places.shared ?? '')).toBe(false)
  })

  test('R-RUN-17 in the run’s folder where the machine has nothing in memory for all users', () => {
    const { process, places } = scene('/var/tmp')
    const secrets = process()
    secrets.place()
    expect(secrets.folder).toBe(places.inRunFolder)
    expect(filesIn(secrets.folder)).toEqual(BOTH)
    expect(secrets.remove()).toEqual([])
    expect(existsSync(places.inRunFolder)).toBe(false)
  })

  test('R-RUN-17 R-RUN-18 a link that somebody has made where berth’s folder goes is neither used nor followed, also when secrets are removed', () => {
    const { process, places, state, run } = scene()
    symlinkSync(state.runs, places.shared ?? '')
    const secrets = process()
    secrets.place()
    expect(secrets.folder).toBe(places.inRunFolder)
    expect(secrets.remove()).toEqual([])
    expect(sweepSecrets(state, false)).toEqual([])
    expect(existsSync(run.request)).toBe(true)
  })

  test.runIf(process.geteuid?.() === 0)(
    'R-RUN-17 R-RUN-20 files are their user’s alone; the folder stays berth’s, so that no link can be put there for berth to follow',
    () => {
      const { process } = scene(undefined, { uid: 40_001, gid: 40_002 })
      const secrets = process()
      secrets.place()
      const [folder, file] = [statSync(`${secrets.folder}`), statSync(`${secrets.folder}/KEY`)]
      expect([folder.uid, folder.gid, folder.mode & 0o7777]).toEqual([0, 40_002, 0o750])
      expect([file.uid, file.mode & 0o7777]).toEqual([40_001, 0o400])
      expect(secrets.remove()).toEqual([])
    },
  )
})

describe('R-RUN-17 what a later process of the run finds', () => {
  test('R-RUN-08 it reads secrets anew, and hides what the first one gave out as well', () => {
    const { process, operators } = scene()
    process().place()
    writeFileSync(join(operators, 'KEY'), 'a newer horse')
    const later = process()
    expect(later.restore()).toEqual([])
    expect(filesIn(later.folder)).toEqual({ ...BOTH, KEY: 'a newer horse' })
    expect(later.mask.text('correct horse, a newer horse')).toBe('***, ***')
    later.remove()
  })

  test('R-RUN-04 a secret that the operator has taken away stays what it was for the run, and is hidden', () => {
    const { process, operators } = scene()
    process().place()
    rmSync(join(operators, 'KEY'))
    const later = process()
    expect(later.restore()).toEqual([expect.stringMatching(/KEY: missing/)])
    expect(filesIn(later.folder)).toEqual(BOTH)
    expect(later.mask.text('correct horse')).toBe('***')
    later.remove()
  })

  test('R-RUN-04 after a reboot, with a secret that is gone, the others are there', () => {
    const { process, operators, places } = scene()
    process().place()
    rmSync(places.shared ?? '', { recursive: true })
    rmSync(join(operators, 'KEY'))
    const later = process()
    expect(later.restore()).toEqual([expect.stringMatching(/KEY: missing/)])
    expect(filesIn(later.folder)).toEqual({ TOKEN: BOTH.TOKEN })
    later.remove()
  })

  test('R-RUN-17 it hides them before it puts anything back, and knows when it cannot', () => {
    const { process, operators } = scene()
    const first = process()
    first.place()
    expect(first.knowsAll()).toBe(true)
    const later = process()
    expect(later.knowsAll()).toBe(false)
    later.learn()
    expect([later.knowsAll(), later.mask.text('correct horse')]).toEqual([true, '***'])
    first.remove()
    rmSync(join(operators, 'KEY'))
    const last = process()
    last.learn()
    expect([last.knowsAll(), last.mask.text('battery staple')]).toEqual([false, '***'])
  })

  test('R-RUN-17 R-RUN-04 whatever a stage has written into its files, no more of it is looked for than an operator may have', () => {
    const { process, operators } = scene()
    const first = process()
    first.place()
    for (const name of ['KEY', 'TOKEN']) {
      chmodSync(`${first.folder}/${name}`, 0o600)
      writeFileSync(`${first.folder}/${name}`, `${name}${'x'.repeat(20_000)}`)
    }
    const later = process()
    later.learn()
    const hidden = ['KEY', 'TOKEN'].filter(
      (name) => later.mask.text(`${name}${'x'.repeat(20_000)}`) === '***',
    )
    expect(hidden).toEqual(['KEY'])
    expect(later.mask.text('correct horse, battery staple')).toBe('***, ***')
    rmSync(operators, { recursive: true })
    later.remove()
  })

  test('R-RUN-04 what a stage has removed or changed is as it was for teardown', () => {
    const { process } = scene()
    const secrets = process()
    secrets.place()
    rmSync(`${secrets.folder}/KEY`)
    chmodSync(`${secrets.folder}/TOKEN`, 0o600)
    writeFileSync(`${secrets.folder}/TOKEN`, 'something else')
    expect(secrets.restore()).toEqual([])
    expect(filesIn(secrets.folder)).toEqual(BOTH)
    secrets.remove()
  })
})

test('R-RUN-17 a run without one of its secrets places none, and says which', () => {
  const { process, operators, places } = scene()
  chmodSync(join(operators, 'TOKEN'), 0o644)
  expect(() => process().place()).toThrow(/TOKEN: is open to group or others \(mode 0644\)/)
  expect(existsSync(places.inMemory ?? '')).toBe(false)
})

describe('R-JAN-01 R-RUN-17 the janitor', () => {
  test('removes the secrets of a run whose folder is gone, and those of no run that is to be cleaned', () => {
    const { process, places, state, run } = scene()
    const secrets = process()
    secrets.place()
    addOpenRun(state, { run: run.id, locks: ['a.example'], since: 1 })
    expect(sweepSecrets(state, false)).toEqual([])
    rmSync(run.folder, { recursive: true })
    expect(sweepSecrets(state, false)).toEqual([])
    removeOpenRun(state, run.id)
    expect(sweepSecrets(state, true)).toEqual([
      expect.objectContaining({ what: 'secrets', name: run.id, action: 'would clean' }),
    ])
    expect(filesIn(secrets.folder)).toEqual(BOTH)
    expect(sweepSecrets(state, false)).toEqual([expect.objectContaining({ name: run.id, action: 'cleaned' })])
    expect(existsSync(places.shared ?? '')).toBe(false)
    expect(existsSync(runPaths(state, run.id).folder)).toBe(false)
  })
})
