import { formatDuration, formatSize } from '../duration.ts'
import { isMap, isPlain, type Look, listOf, mapOf, refuse, shownText, text } from './look.ts'

/** A whole number from 0 to `most`. */
export function count(most: number, wayOut = `write at most ${most}`): Look {
  return (value, at) => {
    const number = isPlain(value) ? Number(value) : Number.NaN
    if (Number.isSafeInteger(number) && number >= 0 && number <= most) return value
    return refuse(at, `must be a whole number up to ${most}, and is ${shownText(value)}`, wayOut)
  }
}

/** A duration as Go writes it, such as `1m30s`, of at most so many milliseconds. */
export function lasting(mostMs: number): Look {
  return (value, at) => {
    const ms = milliseconds(String(value))
    if (ms !== null && ms <= mostMs) return value
    return refuse(
      at,
      `must be a duration of at most ${formatDuration(mostMs)}, and is ${shownText(value)}`,
      `write at most ${formatDuration(mostMs)}`,
    )
  }
}

/** Bytes as Docker counts them (`64m`, `1gb`, `1048576`), at most so many. */
export function bytes(most: number): Look {
  return (value, at) => {
    const size = bytesOf(value)
    if (size !== null && size <= most) return value
    return refuse(
      at,
      `must be a size of at most ${formatSize(most)}, and is ${shownText(value)}`,
      `write at most ${formatSize(most)}`,
    )
  }
}

/** -1 = no limit of this kind. Real-time priority and niceness are not here: they take the processor from others. */
const ULIMITS: Readonly<Record<string, number>> = {
  core: 2 ** 40,
  fsize: 2 ** 50,
  memlock: 2 ** 40,
  msgqueue: 2 ** 24,
  nofile: 1_048_576,
  nproc: 65_536,
  sigpending: 65_536,
  stack: 2 ** 30,
}
const UNLIMITED: ReadonlySet<string> = new Set(['core', 'fsize', 'memlock', 'stack'])

export const ulimits: Look = mapOf((value, at) => {
  const name = String(at.path.at(-1))
  const most = Object.hasOwn(ULIMITS, name) ? ULIMITS[name] : undefined
  if (most === undefined) {
    const known = Object.keys(ULIMITS).join(', ')
    return refuse(at, `${name} is not known to be harmless`, `leave it out; known: ${known}`)
  }
  const limits = isMap(value) ? Object.values(value) : [value]
  const fits = limits.every(
    (limit) =>
      isPlain(limit) &&
      Number.isSafeInteger(Number(limit)) &&
      Number(limit) <= most &&
      Number(limit) >= (UNLIMITED.has(name) ? -1 : 0),
  )
  return fits
    ? value
    : refuse(at, `must be at most ${most}, and is ${shownText(value)}`, `write at most ${most}`)
})

const TMPFS_SIZE = 2 ** 30
const TMPFS_OPTION =
  /^(?:size=\d+[kmgbKMGB]{0,2}|mode=[0-7]{1,5}|[ug]id=\d+|(?:no)?(?:exec|suid|dev|atime)|r[ow])$/

/** The `tmpfs` of a long mount. */
export const tmpfsSize = bytes(TMPFS_SIZE)

/** `/run` or `/run:size=64m,mode=755`. */
export const tmpfs: Look = listOf((value, at) => {
  const [path = '', options = '', ...rest] = String(value).split(':')
  if (!path.startsWith('/') || rest.length > 0)
    return refuse(at, `must be a path in the container, and is ${shownText(value)}`, 'write /path')
  const parts = options === '' ? [] : options.split(',')
  const unknown = parts.find((option) => !TMPFS_OPTION.test(option))
  if (unknown !== undefined)
    return refuse(at, `the option ${unknown} is not known to be harmless`, 'leave the option out')
  const size = parts.find((option) => option.startsWith('size='))?.slice('size='.length)
  return size === undefined || tmpfsSize(size, at) !== undefined ? value : undefined
})

/** Processors, as `0.5`. */
export const processors = text(/^\d{1,3}(?:\.\d{1,9})?$/, 'a number of processors such as 0.5')

const GO_DURATION = /^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/
const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

function milliseconds(duration: string): number | null {
  if (duration === '0') return 0
  if (!GO_DURATION.test(duration)) return null
  const parts = duration.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)
  return [...parts].reduce((sum, [, number, unit = '']) => sum + Number(number) * (UNIT_MS[unit] ?? 0), 0)
}

const DOCKER_SIZE = /^(\d+(?:\.\d+)?) ?([kmgt]?)i?b?$/i

/** Docker's units are powers of 1024, whatever they are called. */
export function bytesOf(value: unknown): number | null {
  const [, number, unit = ''] = (isPlain(value) ? DOCKER_SIZE.exec(String(value)) : null) ?? []
  return number === undefined ? null : Number(number) * 1024 ** ' kmgt'.indexOf(unit.toLowerCase() || ' ')
}
