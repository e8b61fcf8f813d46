import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type StackSecrets, withGenerated } from '../../src/secrets/generated.ts'
import { NO_SECRETS } from '../../src/secrets/none.ts'
import { generatedIn, type SecretPlaces, secretPlaces } from '../../src/secrets/places.ts'
import { sweepSecrets } from '../../src/secrets/sweepSecrets.ts'
import { createRunFolder, type RunPaths } from '../../src/store/runFolder.ts'
import { newRunId } from '../../src/store/runId.ts'
import type { StatePaths } from '../../src/store/stateFolder.ts'
import { requestFor, stateFolder } from '../lock/world.ts'

interface Scene {
  readonly state: StatePaths
  readonly run: RunPaths
  readonly places: SecretPlaces
  readonly inMemory: string
  readonly onDisk: string
  /** As each process that conducts the run has them. */
  readonly process: () => StackSecrets
}

/** @param memory what stands where /dev/shm does */
function scene(memory?: string): Scene {
  const state = stateFolder()
  mkdirSync(join(state.root, 'recipe'))
  const run = createRunFolder(state, requestFor(newRunId(), ['a.example']), join(state.root, 'recipe'))
  const places = secretPlaces(state, run, memory)
  onTestFinished(() => {
    if (places.shared !== null) rmSync(places.shared, { recursive: true, force: true })
  })
  return {
    state,
    run,
    places,
    inMemory: generatedIn(places.shared ?? run.folder, run.id),
    onDisk: join(run.folder, 'generated-secrets'),
    process: () => withGenerated(NO_SECRETS, places, run),
  }
}

const [PASSWORD, KEY] = ['correct horse', 'battery "staple"\n']
const TEXT = `${PASSWORD}, ${KEY.trim()}`

describe('secrets that a run generates', () => {
  test('R-RUN-17 R-DKR-06 are hidden from the moment they are made, in a stream in pieces, too; in memory, for berth alone', () => {
    const { process, inMemory, onDisk } = scene()
    const secrets = process()
    secrets.hide(PASSWORD)
    secrets.hide(KEY)
    expect(secrets.mask.text(TEXT)).toBe('***, ***')
    const stream = secrets.mask.stream()
    const pieces = [...TEXT].map((piece) => stream.write(Buffer.from(piece)))
    expect(Buffer.concat([...pieces, stream.flush()]).toString()).toBe('***, ***')
    expect(secrets.knowsAll()).toBe(true)
    expect(statSync(inMemory).mode & 0o777).toBe(0o600)
    expect(existsSync(onDisk)).toBe(false)
  })

  test('R-RUN-17 R-DKR-06 are hidden by a process that recovers the run, too, and gone when nothing can show them any more', () => {
    const { process, inMemory } = scene()
    process().hide(PASSWORD)
    process().hide(KEY)
    const recovering = process()
    recovering.learn()
    expect(recovering.mask.text(TEXT)).toBe('***, ***')
    expect(recovering.knowsAll()).toBe(true)
    expect(recovering.remove()).toEqual([])
    expect(existsSync(inMemory)).toBe(true)
    expect(recovering.forget()).toEqual([])
    expect(existsSync(inMemory)).toBe(false)
  })

  test('R-RUN-17 R-DKR-06 are known to be unknown after a reboot, and where one was torn in the middle of its line', () => {
    const { process, inMemory } = scene()
    process().hide(PASSWORD)
    process().hide(KEY)
    writeFileSync(inMemory, readFileSync(inMemory, 'utf8').slice(0, -3))
    const torn = process()
    torn.learn()
    expect(torn.mask.text(PASSWORD)).toBe('***')
    expect(torn.knowsAll()).toBe(false)
    rmSync(inMemory)
    const rebooted = process()
    rebooted.learn()
    expect(rebooted.knowsAll()).toBe(false)
  })

  test('R-RUN-17 R-DKR-06 lie in the run’s folder where no memory can be had, or somebody else’s folder stands there', () => {
    const none = scene('/proc')
    none.process().hide(PASSWORD)
    expect(statSync(none.onDisk).mode & 0o777).toBe(0o600)
    const taken = scene()
    writeFileSync(taken.places.shared ?? '', '')
    taken.process().hide(PASSWORD)
    for (const { process, onDisk } of [none, taken]) {
      const recovering = process()
      recovering.learn()
      expect(recovering.mask.text(PASSWORD)).toBe('***')
      expect(recovering.forget()).toEqual([])
      expect(existsSync(onDisk)).toBe(false)
    }
  })

  test('R-RUN-17 R-JAN-01 of a run whose folder is gone are found by the janitor', () => {
    const { state, run, process, inMemory } = scene()
    process().hide(PASSWORD)
    expect(sweepSecrets(state, false)).toEqual([])
    rmSync(run.folder, { recursive: true })
    expect(sweepSecrets(state, true)).toMatchObject([{ name: run.id, action: 'would clean' }])
    expect(existsSync(inMemory)).toBe(true)
    expect(sweepSecrets(state, false)).toHaveLength(1)
    expect(existsSync(inMemory)).toBe(false)
  })
})
