/** Node's timers fire at once beyond this (setTimeout takes a signed 32-bit number of milliseconds). */
export const LONGEST_MS = 2 ** 31 - 1

/** The grammar of durations, for schemas: parts from large to small, at least one, such as `1h30m`; or a plain `0`. */
export const DURATION = /^(?:0|(?=\d)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?)$/
export const SIZE = /^(\d+(?:\.\d+)?) ?(B|kB|KB|MB|GB|TB|KiB|MiB|GiB|TiB)$/

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const UNIT_MS = [HOUR, MINUTE, SECOND, 1] as const

const UNIT_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
}

/** Milliseconds of `10m`, `90s`, `2h`, `1h30m`, `500ms` or `0`; null = no duration, or over LONGEST_MS. */
export function parseDuration(text: string): number | null {
  const match = DURATION.exec(text)
  if (match === null) return null
  const ms = UNIT_MS.reduce((sum, unit, index) => sum + unit * Number(match[index + 1] ?? 0), 0)
  return ms <= LONGEST_MS ? ms : null
}

/** For people: whole seconds, or milliseconds below one second; `parseDuration` reads it back. */
export function formatDuration(ms: number): string {
  const whole = Math.round(ms)
  if (whole <= 0) return '0s'
  if (whole < SECOND) return `${whole}ms`
  const rounded = Math.round(whole / SECOND) * SECOND
  const parts = [
    [Math.floor(rounded / HOUR), 'h'],
    [Math.floor((rounded % HOUR) / MINUTE), 'm'],
    [(rounded % MINUTE) / SECOND, 's'],
  ] as const
  return parts
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count}${unit}`)
    .join('')
}

/** Bytes of `10GB` (decimal) or `512MiB` (binary); null = no size. */
export function parseSize(text: string): number | null {
  const match = SIZE.exec(text)
  if (match === null) return null
  const bytes = Number(match[1]) * (UNIT_BYTES[match[2] ?? ''] ?? Number.NaN)
  return Number.isSafeInteger(Math.round(bytes)) ? Math.round(bytes) : null
}

/** For people: decimal, at most one digit after the point, such as `10GB` or `1.5MB`; `parseSize` reads it back, rounded. */
export function formatSize(bytes: number): string {
  const unit = (['TB', 'GB', 'MB', 'kB'] as const).find((name) => bytes >= (UNIT_BYTES[name] ?? 0)) ?? 'B'
  return `${Math.round((bytes / (UNIT_BYTES[unit] ?? 1)) * 10) / 10}${unit}`
}
