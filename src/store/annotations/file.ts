import { type Annotations, countsOf, readAnnotations } from '../../model/annotations.ts'
import { createOnce, readIfThere } from '../durable.ts'
import type { RunPaths } from '../runFolder.ts'

/** Written once, before the result: whoever sees the result sees these. Where nothing was said there is no file. */
export function writeAnnotations(run: RunPaths, annotations: Annotations): void {
  const { all } = countsOf(annotations)
  if (all === 0 && annotations.faultCount === 0) return
  createOnce(run.annotations, `${JSON.stringify(annotations)}\n`)
}

/** Null = there are none (an older berth's run too), or the file cannot be read: a run's end needs none. */
export function annotationsOf(run: RunPaths): Annotations | null {
  try {
    const text = readIfThere(run.annotations)
    return text === null ? null : readAnnotations(JSON.parse(text))
  } catch {
    return null
  }
}
