import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { singleDollars } from '../../model/enginePolicy/dollars.ts'
import { fieldsOf, numberOf, optional, textOf, textsOf } from '../../model/read.ts'
import { readIfThere, writeSynced } from '../../store/durable.ts'
import type { RunPaths } from '../../store/runFolder.ts'
import type { Resolved } from './stage.ts'

/** What the run has deployed last: the same can be put up again after its data is lost. */
export function noteDeployed(run: RunPaths, { path, images, timeoutMs }: Resolved): void {
  writeSynced(noteIn(run), `${JSON.stringify({ path, images, timeoutMs })}\n`)
}

/** Null = nothing was. */
export function lastDeployed(run: RunPaths): Resolved | null {
  const text = readIfThere(noteIn(run))
  if (text === null) return null
  const fields = fieldsOf(JSON.parse(text), 'deployed.json')
  const path = textOf(fields, 'path')
  return {
    path,
    file: fieldsOf(singleDollars(JSON.parse(readFileSync(path, 'utf8'))), 'the deployed file'),
    images: textsOf(fields, 'images'),
    timeoutMs: optional(fields, 'timeoutMs', numberOf),
  }
}

function noteIn({ folder }: RunPaths): string {
  return join(folder, 'stack', 'deployed.json')
}
