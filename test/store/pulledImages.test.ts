import { statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { forgetPull, notePull, noteUse, pulledImages } from '../../src/store/pulledImages.ts'
import { entriesOf } from '../../src/store/stateFolder.ts'
import { stateFolder } from '../lock/world.ts'

const IMAGE = 'registry.test:5000/acme/site:1@sha256:0'

test('R-DKR-16 what was pulled is known with its last use until it is forgotten, and what was there before is not', () => {
  const { images: folder } = stateFolder()
  expect(pulledImages(folder)).toEqual([])
  noteUse(folder, IMAGE)
  expect(pulledImages(folder), 'a use alone is no pull').toEqual([])
  notePull(folder, IMAGE)
  const [entry = ''] = entriesOf(folder)
  const long = new Date(1000)
  utimesSync(join(folder, entry), long, long)
  expect(pulledImages(folder)).toEqual([{ image: IMAGE, lastUsedAt: 1000 }])
  notePull(folder, IMAGE)
  expect(pulledImages(folder)).toEqual([{ image: IMAGE, lastUsedAt: statSync(join(folder, entry)).mtimeMs }])
  expect(pulledImages(folder)[0]?.lastUsedAt).toBeGreaterThan(1000)
  writeFileSync(join(folder, 'torn'), '')
  expect(pulledImages(folder)).toHaveLength(1)
  forgetPull(folder, IMAGE)
  forgetPull(folder, IMAGE)
  expect(pulledImages(folder)).toEqual([])
})
