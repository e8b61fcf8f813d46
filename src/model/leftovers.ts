import { domainFault, type Name, stackName } from './names.ts'
import {
  BERTH_LABELS,
  type EngineObject,
  ownerIn,
  type Scope,
  stackOf,
  stacksOf,
  standsAlone,
} from './stackObjects.ts'

/** What carries our label at one domain: whoever has the domain's lock may take it down. */
export interface Leftover {
  readonly domain: Name
  /** By their labels. */
  readonly runs: readonly string[]
  readonly scopes: readonly Scope[]
  /** Named; what goes with a service does not count. */
  readonly objects: readonly string[]
}

/** What one look at an engine shows of this harness's, and at its names. */
export interface EngineLook {
  readonly leftovers: readonly Leftover[]
  /** They carry our label, and no domain that could be one: nobody can tell whose lock they are under. */
  readonly astray: readonly string[]
  /** What is not ours and stands at a name that runs deploy at. */
  readonly foreign: readonly { readonly domain: Name; readonly objects: readonly string[] }[]
}

/**
 * Whose is whose is told by labels alone; names tell only what is in the way.
 * @param isRunDomain whether runs of this configuration may deploy there
 */
export function lookFor(
  instance: string,
  objects: readonly EngineObject[],
  isRunDomain: (domain: Name) => boolean,
): EngineLook {
  const isOurs = ({ labels }: EngineObject) => labels[BERTH_LABELS.instance] === instance
  const ours = objects.filter(isOurs)
  const stacks = stacksOf(objects)
  const byDomain = Map.groupBy(ours, domainOf)
  const named = [...byDomain].flatMap(([domain, its]) => (domain === null ? [] : [{ domain, its }]))
  const inTheWay = Map.groupBy(
    objects.filter((object) => !isOurs(object)),
    (object) => nameOf(object, isRunDomain),
  )
  return {
    leftovers: named.map(({ domain, its }) => leftoverOf(domain, its, instance, stacks)),
    astray: shown(byDomain.get(null) ?? []),
    foreign: [...inTheWay].flatMap(([domain, its]) =>
      domain === null ? [] : [{ domain, objects: others(its) }],
    ),
  }
}

/** A label is anybody's text: what is no domain would be a path to somewhere else. */
function domainOf({ labels }: EngineObject): Name | null {
  const domain = labels[BERTH_LABELS.domain] ?? ''
  return domainFault(domain) === null ? domain : null
}

/** All that stands at the stack's name, and of its runs what stands elsewhere. */
function leftoverOf(
  domain: Name,
  its: readonly EngineObject[],
  instance: string,
  stacks: readonly string[],
): Leftover {
  const atName: Scope = { stack: stackName(domain), run: null }
  const elsewhere = its.filter((object) => ownerIn(atName, instance, object, stacks) !== 'ours')
  return {
    domain,
    runs: runsOf(its),
    scopes: [atName, ...runsOf(elsewhere).map((run) => ({ stack: null, run }))],
    objects: shown(its),
  }
}

function runsOf(objects: readonly EngineObject[]): readonly string[] {
  return [...new Set(objects.flatMap(({ labels }) => labels[BERTH_LABELS.run] ?? []))].sort()
}

/** The run domain that the object is in the way of. Domains have no underscores: each one in a name may be a dot, or the end of the stack's. */
function nameOf(object: EngineObject, isRunDomain: (domain: Name) => boolean): Name | null {
  const namespace = stackOf(object)
  const parts = object.name.split('_')
  const candidates =
    namespace === undefined
      ? parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('.'))
      : [namespace.replaceAll('_', '.')]
  return candidates.find((domain) => domainFault(domain) === null && isRunDomain(domain)) ?? null
}

function shown(objects: readonly EngineObject[]): readonly string[] {
  return objects.filter(standsAlone).map(({ kind, name }) => `${kind} ${name}`)
}

function others(objects: readonly EngineObject[]): readonly string[] {
  return objects.filter(standsAlone).map(({ kind, name, labels }) => {
    const instance = labels[BERTH_LABELS.instance]
    return `${kind} ${name}${instance === undefined ? '' : ` (of harness ${instance})`}`
  })
}
