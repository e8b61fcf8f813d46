import { isMap } from './enginePolicy/look.ts'

/**
 * How many containers compose makes of each service of a resolved file; one that is only in profiles that nobody has asked for is not made.
 * @param profiles those that are asked for
 */
export function composeServices(
  { services }: Readonly<Record<string, unknown>>,
  profiles: readonly string[],
): ReadonlyMap<string, number> {
  const all = Object.entries(isMap(services) ? services : {})
  return new Map(
    all.flatMap(([name, service]) =>
      isMap(service) && isWanted(service['profiles'], profiles) ? [[name, countOf(service)] as const] : [],
    ),
  )
}

function isWanted(own: unknown, profiles: readonly string[]): boolean {
  if (!Array.isArray(own) || own.length === 0) return true
  return own.some((profile) => profiles.includes(String(profile)) || profiles.includes('*'))
}

/** `deploy.replicas` is for services that may be replicated; of the others there is one. */
function countOf({ scale, deploy }: Readonly<Record<string, unknown>>): number {
  const { mode = 'replicated', replicas } = isMap(deploy) ? deploy : {}
  const count = mode === 'replicated' ? (replicas ?? scale) : scale
  return Number(count ?? 1)
}
