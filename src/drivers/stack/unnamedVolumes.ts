import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readIfThere, replaceFile } from '../../store/durable.ts'
import type { RunPaths } from '../../store/runFolder.ts'
import type { Engine } from '../docker/engine.ts'
import { unnamedVolumesOf } from '../docker/project.ts'

/**
 * Notes the volumes without a name of what the run has deployed before, for its teardown. They have no labels, and go with their container, but not with
 * one that a client has made in its place: it has them by their names.
 * @throws EngineError
 */
export async function noteUnnamedVolumes(run: RunPaths, engine: Engine, stack: string): Promise<void> {
  const names = await unnamedVolumesOf(engine, stack)
  if (names.length === 0) return
  mkdirSync(dirname(noteIn(run)), { recursive: true, mode: 0o700 })
  replaceFile(noteIn(run), JSON.stringify([...new Set([...notedVolumes(run), ...names])]))
}

export function notedVolumes(run: RunPaths): readonly string[] {
  const noted: unknown = JSON.parse(readIfThere(noteIn(run)) ?? '[]')
  return Array.isArray(noted) ? noted.map(String) : []
}

function noteIn({ folder }: RunPaths): string {
  return join(folder, 'stack', 'unnamed-volumes.json')
}
