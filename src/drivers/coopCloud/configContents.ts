import { posix } from 'node:path'
import type { FileText } from './checkout.ts'
import { type ComposeDocument, fieldsOf } from './composeDocument.ts'
import { type Definition, definitionsIn } from './composeParts.ts'
import type { Fault } from './fault.ts'
import { interpolated, type Values } from './interpolate.ts'

/** A config, or a secret with a file, that a deploy stores in the engine. */
export interface ConfigContent {
  readonly kind: 'configs' | 'secrets'
  readonly key: string
  /** In the engine, where content never changes under a name. */
  readonly name: string
  readonly content: string
  /** The file with the content, below the checkout. */
  readonly source: string
  /** Where its name is written. */
  readonly file: string
  readonly line: number
  /** The variables that hold its version. */
  readonly rawName: string | null
}

/** What the selected files store in the engine; a file that is not there is a fault. Paths are from the first compose file's folder, as the CLI has it. */
export function configContents(
  documents: readonly ComposeDocument[],
  values: Values,
  stackName: string,
  read: (file: string) => FileText,
): { readonly configs: readonly ConfigContent[]; readonly faults: readonly Fault[] } {
  const folder = posix.dirname(documents[0]?.file ?? '.')
  const configs: ConfigContent[] = []
  const faults: Fault[] = []
  for (const definition of [...definitionsIn(documents, 'configs'), ...definitionsIn(documents, 'secrets')]) {
    const { kind, key, file, line, rawName } = definition
    const source = sourceOf(definition, values, folder)
    if (source === null) continue
    const found = read(source)
    const name = rawName === null ? `${stackName}_${key}` : interpolated(rawName, values)
    if ('text' in found) configs.push({ kind, key, name, content: found.text, source, file, line, rawName })
    else
      faults.push({
        file,
        line,
        key: `${kind}.${key}`,
        text: `${source} ${'fault' in found ? found.fault : 'is not in the repository'}`,
      })
  }
  return { configs, faults }
}

function sourceOf({ value, isExternal }: Definition, values: Values, folder: string): string | null {
  const file = fieldsOf(value)['file']
  if (typeof file !== 'string' || isExternal) return null
  const path = interpolated(file, values)
  return posix.isAbsolute(path) ? path : posix.join(folder, path)
}

/** Configs whose content is another one under the same name: the engine refuses the second deploy ("only updates to Labels are allowed"). */
export function unbumpedFaults(
  before: readonly ConfigContent[],
  after: readonly ConfigContent[],
): readonly Fault[] {
  const known = new Map(before.map((config) => [`${config.kind} ${config.name}`, config]))
  return after.flatMap(({ kind, key, name, content, source, file, line, rawName }) => {
    const old = known.get(`${kind} ${name}`)
    if (old === undefined || old.content === content) return []
    const version = rawName?.match(/[A-Za-z_]\w*VERSION\w*/i)?.[0] ?? null
    const way = version === null ? 'give it a name with a version' : `raise ${version} (abra.sh)`
    const text = `${source} has changed and its name ${name} has not: the engine takes no new content under an old name; ${way}`
    return [{ file, line, key: `${kind}.${key}`, text }]
  })
}
