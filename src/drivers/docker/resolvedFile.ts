import { parseDocument } from 'yaml'
import { HarnessError } from '../../errors.ts'
import { doubledDollars, singleDollars } from '../../model/enginePolicy/dollars.ts'
import type { PolicyRefusal, PolicyScene } from '../../model/enginePolicy/look.ts'
import { holdAgainstPolicy } from '../../model/enginePolicy.ts'
import { type Limits, NO_LIMITS } from '../../model/limits.ts'
import { withLimits } from '../../model/stackLimits.ts'
import { asJson } from './composeSource.ts'
import { withCopies } from './copiedFiles.ts'
import { DEPLOYED } from './copies.ts'
import { withMountedConfigs } from './mountedConfigs.ts'
import { placeOfKey } from './sourcePlace.ts'
import type { PlacedRefusal, Sources } from './sources.ts'

export type ResolvedScene = Omit<PolicyScene, 'checkout' | 'folder'> & {
  /** Of the run: no service may use more; none = as much as there is. */
  readonly limits?: Limits
}

export type Deployable =
  | { readonly refusals: readonly PlacedRefusal[] }
  | {
      readonly file: Readonly<Record<string, unknown>>
      /** The same for the engine's client, in the private folder: JSON, in which no variable is filled in any more. */
      readonly path: string
    }

/** docker-compose prints an alias for what its own reading has twice. */
const MOST_ALIASES = 1000

/**
 * What is deployed of a file that the engine's client has resolved from these sources, with the files of its configs and secrets copied beside them; or
 * all that stands in the way, each with the place where a person wrote it.
 * @param text what `docker stack config` or `docker-compose config` has printed
 * @throws HarnessError RESOLVED_FILE where that is no YAML
 */
export function deployableFile(text: string, sources: Sources, scene: ResolvedScene): Deployable {
  const printed = parsed(text)
  const resolved = scene.driver === 'compose' ? singleDollars(printed) : printed
  const held = holdAgainstPolicy(resolved, {
    ...scene,
    checkout: sources.copies.folder,
    folder: sources.folder,
  })
  const copied = 'refusals' in held ? held : withCopies(held.file, sources)
  if ('refusals' in copied)
    return { refusals: copied.refusals.map((refusal) => placed(refusal, sources, resolved)) }
  const mounted = scene.driver === 'compose' ? withMountedConfigs(copied.file, sources.copies) : copied.file
  const file = withLimits(mounted, scene.limits ?? NO_LIMITS, scene.driver)
  return { file, path: sources.copies.write(DEPLOYED, asJson(doubledDollars(file))) }
}

function parsed(text: string): unknown {
  const document = parseDocument(text, { prettyErrors: false })
  const [error] = document.errors
  if (error !== undefined)
    throw new HarnessError('RESOLVED_FILE', `The engine's client has printed no valid YAML: ${error.message}`)
  return document.toJS({ maxAliasCount: MOST_ALIASES })
}

function placed(
  { path, key, text, wayOut }: PolicyRefusal,
  sources: Sources,
  resolved: unknown,
): PlacedRefusal {
  const place = placeOfKey(sources.read, path, resolved) ?? { file: sources.read[0]?.file ?? '', line: 1 }
  return { ...place, key, text, wayOut }
}
