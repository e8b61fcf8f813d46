import { join, relative } from 'node:path'
import { parseDocument } from 'yaml'
import { HarnessError } from '../../errors.ts'
import { doubledDollars, singleDollars } from '../../model/enginePolicy/dollars.ts'
import { isMap, type PolicyRefusal, type PolicyScene } from '../../model/enginePolicy/look.ts'
import { holdAgainstPolicy } from '../../model/enginePolicy.ts'
import { pathText } from '../../model/keyPath.ts'
import { asJson } from './composeSource.ts'
import { placeOfKey } from './sourcePlace.ts'
import type { PlacedRefusal, Sources } from './sources.ts'

export type ResolvedScene = Omit<PolicyScene, 'checkout' | 'folder'>

export type Deployable =
  | { readonly refusals: readonly PlacedRefusal[] }
  | {
      readonly file: Readonly<Record<string, unknown>>
      /** The same for the engine's client, in the private folder: JSON, in which no variable is filled in any more. */
      readonly path: string
    }

const DEPLOYED = '.berth-deployed.json'
/** docker-compose prints an alias for what its own reading has twice. */
const MOST_ALIASES = 1000

/** What the engine takes of a config is 1,000 KiB, of a secret 500 KiB. */
const MOST_FILE_BYTES = { configs: 1000 * 1024, secrets: 500 * 1024 } as const

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
  const refusals = 'refusals' in held ? held.refusals : copyFiles(held.file, sources)
  if (refusals.length > 0) return { refusals: refusals.map((refusal) => placed(refusal, sources, resolved)) }
  if ('refusals' in held) throw new HarnessError('RESOLVED_FILE', 'The file was refused without a reason')
  sources.copies.write(DEPLOYED, asJson(doubledDollars(held.file)))
  return { file: held.file, path: join(sources.copies.folder, DEPLOYED) }
}

function parsed(text: string): unknown {
  const document = parseDocument(text, { prettyErrors: false })
  const [error] = document.errors
  if (error !== undefined)
    throw new HarnessError('RESOLVED_FILE', `The engine's client has printed no valid YAML: ${error.message}`)
  return document.toJS({ maxAliasCount: MOST_ALIASES })
}

/** Each file lies in the private folder where the resolved one says; none of another name is there. */
function copyFiles(file: Readonly<Record<string, unknown>>, { copies }: Sources): readonly PolicyRefusal[] {
  return (['configs', 'secrets'] as const).flatMap((section) =>
    Object.entries(isMap(file[section]) ? file[section] : {}).flatMap(([key, object]) => {
      const path = isMap(object) ? object['file'] : undefined
      if (typeof path !== 'string') return []
      const bytes = copies.copy(relative(copies.folder, path), MOST_FILE_BYTES[section])
      return 'fault' in bytes ? [unusable([section, key, 'file'], bytes.fault)] : []
    }),
  )
}

function unusable(path: PolicyRefusal['path'], fault: string): PolicyRefusal {
  return {
    path,
    key: pathText(path),
    text: `the file cannot be used: ${fault}`,
    wayOut: 'keep it in the repository',
  }
}

function placed(
  { path, key, text, wayOut }: PolicyRefusal,
  sources: Sources,
  resolved: unknown,
): PlacedRefusal {
  const place = placeOfKey(sources.read, path, resolved) ?? { file: sources.read[0]?.file ?? '', line: 1 }
  return { ...place, key, text, wayOut }
}
