import { nameInside } from './files.ts'
import { tmpfsSize } from './limits.ts'
import {
  type At,
  allowing,
  below,
  isMap,
  isPlain,
  keys,
  type Look,
  listOf,
  plain,
  refuse,
  shownText,
  text,
  word,
} from './look.ts'
import { declaredIn } from './names.ts'

const MOST_MOUNTS = 50
const IN_CONTAINER = text(/^\/[^\0]*$/, 'a path in the container')
/** With these a container could see, or make, mounts of the host. */
const PROPAGATION = word('private', 'rprivate')

const long = keys({
  type: word('volume', 'bind', 'tmpfs'),
  source: plain,
  target: IN_CONTAINER,
  read_only: plain,
  consistency: plain,
  bind: keys({
    propagation: PROPAGATION,
    create_host_path: neverMakes,
  }),
  volume: keys({ nocopy: plain, subpath: plain }),
  tmpfs: keys({ size: tmpfsSize, mode: plain }),
})

/** Only what is there is mounted; docker-compose prints that it would make the rest, whether or not the file says so. */
function neverMakes(_: unknown, { scene }: At): unknown {
  return scene.driver === 'compose' ? false : undefined
}

const declaredVolume = declaredIn('volumes')

export const mounts: Look = listOf((value, at) => {
  if (isPlain(value)) return short(String(value), at)
  const mount = long(value, at)
  if (!isMap(mount) || !isMap(value)) return mount
  const source = value['source'] ?? null
  if (mount['type'] === 'bind')
    return fromHost(String(source), mount['read_only'] === true, at) ? mount : undefined
  if (mount['type'] === 'volume')
    return source === null || named(source, below(at, 'source', 'source')) ? mount : undefined
  if (mount['type'] === 'tmpfs' && source === null) return mount
  return refuse(at, 'does not say what kind of mount it is', 'write type: volume or type: tmpfs')
}, MOST_MOUNTS)

/** One of them: of `ro,rw` each reader might take another. */
const SHORT_OPTIONS = /^(?:rw|ro|nocopy)?$/

/** `source:target:options`, as docker-compose prints them. */
function short(value: string, at: At): unknown {
  const parts = value.split(':')
  if (parts.length === 1) return IN_CONTAINER(value, at)
  const [source = '', target, options = '', ...rest] = parts
  if (rest.length > 0 || !SHORT_OPTIONS.test(options))
    return refuse(
      at,
      `${shownText(value)} has options that are not known to be harmless`,
      'write source:target, or source:target:ro',
    )
  if (IN_CONTAINER(target, at) === undefined) return undefined
  const isPath = /^[./~\\]/.test(source)
  const isFine = isPath ? fromHost(source, options === 'ro', at) : named(source, at)
  return isFine ? value : undefined
}

function named(source: unknown, at: At): boolean {
  return declaredVolume(source, at) !== undefined
}

/** What is in the checkout is mounted as a copy; what is of the host, as it is. Each only where the recipe names it. */
function fromHost(source: string, isReadOnly: boolean, at: At): boolean {
  const own = nameInside(source, at.scene)
  const name = own ?? source
  const lines = at.scene.allow.mounts
  if (lines.includes(name) || (isReadOnly && lines.includes(`${name}:ro`))) return true
  const way = allowing(`mounts: ['${name}']`)
  if (isSocket(source))
    refuse(at, `mounts the engine's socket ${source}: whoever has it is root of the host`, way)
  else if (own === null)
    refuse(at, `mounts ${source} of the host`, `use a volume, a config or a secret; ${way}`)
  else refuse(at, `mounts ${own} of the checkout`, `use a config; ${way}`)
  return false
}

function isSocket(source: string): boolean {
  return /(?:docker|containerd|podman)[^/]*\.sock$|^\/(?:var\/)?run\/?$/.test(source)
}

/** Options of the engine's own volume driver are mount(8)'s: a bind mount, or a foreign file system, by another name. */
export function volumeOptions(driver: unknown, options: unknown, at: At): void {
  const name = String(driver ?? 'local')
  if (at.scene.allow.drivers.includes(`volume:${name}`)) return
  if (name !== 'local') {
    refuse(
      below(at, 'driver', 'driver'),
      `the volume driver ${name} is not known to be harmless`,
      allowing(`drivers: ['volume:${name}']`),
    )
    return
  }
  if (options === undefined || options === null || (isMap(options) && isHarmless(options, at))) return
  refuse(
    below(at, 'driver_opts', 'driver_opts'),
    `the options ${shownText(options)} mount what is outside the engine`,
    "leave them out, or have the operator allow the folder under mounts, or drivers: ['volume:local']",
  )
}

const TMPFS_OPTIONS = /^(?:size=\d{1,9}[km]?|size=1g|[ug]id=\d+|mode=[0-7]+|no(?:suid|dev|exec)|,)+$/

function isHarmless(options: Readonly<Record<string, unknown>>, { scene }: At): boolean {
  const { type, o = '', device, ...others } = options
  if (Object.keys(others).length > 0) return false
  const isBare = type === undefined && o === '' && device === undefined
  if (isBare) return true
  if (type === 'tmpfs') return device === 'tmpfs' && (o === '' || TMPFS_OPTIONS.test(String(o)))
  return type === 'none' && o === 'bind' && scene.allow.mounts.includes(String(device))
}
