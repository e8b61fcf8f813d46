import { relative } from 'node:path'
import { nameInside } from '../../model/enginePolicy/files.ts'
import { isMap, type PolicyRefusal } from '../../model/enginePolicy/look.ts'
import { type Path, pathText } from '../../model/keyPath.ts'
import type { Sources } from './sources.ts'

type Part = Readonly<Record<string, unknown>>

/** What the engine takes of a config is 1,000 KiB, of a secret 500 KiB. */
const MOST_FILE_BYTES = { configs: 1000 * 1024, secrets: 500 * 1024 } as const

/** The same file with copies in the place of all that it takes from the checkout, or what cannot be copied. */
export function withCopies(
  file: Part,
  sources: Sources,
): { readonly file: Part } | { readonly refusals: readonly PolicyRefusal[] } {
  const refusals: PolicyRefusal[] = []
  const refuse = (path: Path, fault: string) => {
    const text = `the file cannot be used: ${fault}`
    refusals.push({ path, key: pathText(path), text, wayOut: 'keep it in the repository' })
  }
  for (const section of ['configs', 'secrets'] as const)
    for (const [key, object] of entriesOf(file[section])) copyFile(section, key, object, sources, refuse)
  const services = entriesOf(file['services']).map(([name, service]) => [
    name,
    withMounts(service, ['services', name, 'volumes'], sources, refuse),
  ])
  return refusals.length > 0 ? { refusals } : { file: { ...file, services: Object.fromEntries(services) } }
}

type Refuse = (path: Path, fault: string) => void

/** Each file lies in the private folder where the resolved one says; none of another name is there. */
function copyFile(
  section: 'configs' | 'secrets',
  key: string,
  object: unknown,
  { copies }: Sources,
  refuse: Refuse,
): void {
  const path = isMap(object) ? object['file'] : undefined
  if (typeof path !== 'string') return
  const copied = copies.copy(relative(copies.folder, path), MOST_FILE_BYTES[section])
  if ('fault' in copied) refuse([section, key, 'file'], copied.fault)
}

function withMounts(service: unknown, path: Path, sources: Sources, refuse: Refuse): unknown {
  if (!isMap(service) || !Array.isArray(service['volumes'])) return service
  const volumes = service['volumes'].map((mount: unknown, index) => {
    const name = checkoutName(mount, sources)
    if (name === null) return mount
    const copy = sources.copies.copyTree(name)
    if ('path' in copy) return mountOf(mount, copy.path)
    refuse([...path, index], copy.fault)
    return mount
  })
  return { ...service, volumes }
}

/** What a mount takes from the checkout, in either form; null = nothing. */
function checkoutName(mount: unknown, { copies, folder }: Sources): string | null {
  const source = isMap(mount) && mount['type'] === 'bind' ? mount['source'] : shortSource(mount)
  return typeof source === 'string' ? nameInside(source, { checkout: copies.folder, folder }) : null
}

function shortSource(mount: unknown): string | null {
  return typeof mount === 'string' && /^[./].*:/.test(mount) ? (mount.split(':')[0] ?? null) : null
}

function mountOf(mount: unknown, source: string): unknown {
  if (isMap(mount)) return { ...mount, source }
  return [source, ...String(mount).split(':').slice(1)].join(':')
}

function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return isMap(value) ? Object.entries(value) : []
}
