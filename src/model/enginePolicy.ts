import { allowInForce } from './enginePolicy/allow.ts'
import { namesOnNetworks } from './enginePolicy/attachments.ts'
import {
  type At,
  below,
  isMap,
  keys,
  mapOf,
  type PolicyRefusal,
  type PolicyScene,
  refuse,
  text,
  word,
} from './enginePolicy/look.ts'
import { namesOf, ownName } from './enginePolicy/names.ts'
import { config, network, secret, volume } from './enginePolicy/objects.ts'
import { labelled } from './enginePolicy/ours.ts'
import { service } from './enginePolicy/service.ts'

export type Held =
  | { readonly refusals: readonly PolicyRefusal[] }
  /** What is deployed: what was looked at and nothing else, with our labels. */
  | { readonly file: Readonly<Record<string, unknown>> }

/** Each is a network of its own, takes addresses, disk or a part of the engine's store. */
const MOST = { services: 50, networks: 20, volumes: 100, secrets: 200, configs: 200 }

const fileShape = keys({
  version: text(/^[23](?:\.\d{1,2})?$/, 'a version of Compose files'),
  name: projectName,
  services: mapOf((value, at) => {
    ownName('services', null, at)
    namesOnNetworks(value, at)
    return service(value, at)
  }, MOST.services),
  networks: mapOf(network, MOST.networks),
  volumes: mapOf(volume, MOST.volumes),
  secrets: mapOf(secret, MOST.secrets),
  configs: mapOf(config, MOST.configs),
})

/**
 * Holds a resolved file (what `docker stack config` or `docker-compose config` says, without doubled dollars) against the engine policy. A pull
 * request is the attacker: what is not known to be harmless is refused, unless the trusted recipe allows it by name.
 */
export function holdAgainstPolicy(file: unknown, scene: PolicyScene): Held {
  const refusals: PolicyRefusal[] = []
  const allow = allowInForce(scene.allow, scene.isFork)
  const at: At = { path: [], kind: '', scene: { ...scene, allow }, file: isMap(file) ? file : {}, refusals }
  const looked = fileShape(file, at)
  if (isMap(looked) && refusals.length === 0 && namesOf(looked['services'] ?? null).length === 0)
    refuse(below(at, 'services', 'services'), 'there are none', 'write at least one service')
  if (refusals.length > 0 || !isMap(looked)) return { refusals }
  return { file: labelled(looked, at.scene) }
}

/** docker-compose prints the project's name; with another one, another project would be changed. */
function projectName(value: unknown, at: At): unknown {
  return word(at.scene.stackName)(value, at)
}
