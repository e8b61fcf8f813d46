import { allowing, isMap, keys, type Look, plain, refuse, shownText } from './look.ts'

/** Both write on the engine's own disk, and nowhere else. */
const DRIVERS: ReadonlySet<string> = new Set(['json-file', 'local', 'none'])

const harmless = keys({
  driver: plain,
  options: keys({
    'max-size': plain,
    'max-file': plain,
    'max-buffer-size': plain,
    compress: plain,
    labels: plain,
    'labels-regex': plain,
    env: plain,
    'env-regex': plain,
    tag: plain,
    mode: plain,
  }),
})

/** Other drivers send what a container says to an address, or into the host's own log. */
export const logging: Look = (value, at) => {
  const driver = isMap(value) ? (value['driver'] ?? null) : null
  if (driver === null || DRIVERS.has(String(driver))) return harmless(value, at)
  if (at.scene.allow.drivers.includes(`logging:${String(driver)}`)) return value
  return refuse(
    at,
    `the log driver ${shownText(driver)} sends elsewhere what a container says`,
    allowing(`drivers: ['logging:${String(driver)}']`),
  )
}
