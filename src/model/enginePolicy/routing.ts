import { allowing, type PolicyScene } from './look.ts'
import { hostsOnly } from './routingRule.ts'

interface RoutingFault {
  readonly text: string
  readonly wayOut: string
}

/** What only says that, and on which network, the proxy looks at the service. */
const GENERAL = /^traefik\.(?:enable|(?:docker|swarm)\.(?:network|lbswarm)|constraint-label)$/
const NAMED = /^traefik\.(http|tcp)\.(routers|services|middlewares)\.([^.]+)(?:\.(.+))?$/

const ROUTER =
  /^(?:rule|rulesyntax|entrypoints|middlewares|priority|service|tls(?:\.(?:certresolver|options|passthrough|domains\[\d+\]\.(?:main|sans)))?)$/
/** No `server.url`: it would have the proxy, which stands in every stack's network, ask any address. */
const SERVICE =
  /^loadbalancer\.(?:server\.(?:port|scheme|tls)|passhostheader|sticky(?:\..+)?|healthcheck\.(?:path|interval|timeout|followredirects|status|scheme|method|mode)|responseforwarding\..+|serverstransport|terminationdelay|proxyprotocol\.version)$/
/** Nothing that reads the proxy's own files (`usersfile`), asks another address (`forwardauth`) or loads code (`plugin`). */
const MIDDLEWARE =
  /^(?:addprefix|buffering|chain|circuitbreaker|compress|contenttype|errors|headers|inflightreq|inflightconn|ipallowlist|ipwhitelist|ratelimit|redirectregex|redirectscheme|replacepath|replacepathregex|retry|stripprefix|stripprefixregex|grpcweb)(?:\..+)?$|^(?:basicauth|digestauth)\.(?:users|realm|removeheader|headerfield)$/

/**
 * What is wrong with a label for Traefik, the proxy that a run's stack shares with canonical ones: a router may answer for the run's own names only,
 * and nothing may have a name that another stack may use (two routers of one name take each other out of service).
 */
export function routingFault(label: string, value: string, scene: PolicyScene): RoutingFault | null {
  // Traefik reads them without regard to letter case.
  const key = label.toLowerCase()
  if (GENERAL.test(key)) return null
  const [, protocol, kind, name = '', option] = NAMED.exec(key) ?? []
  const otherwise = allowing(`labels: ['${label}']`)
  if (protocol === undefined || kind === undefined)
    return { text: `the label ${label} is not known to be harmless to other stacks`, wayOut: otherwise }
  if (!isOwnName(name, scene))
    return {
      text: `${name} may be the name of another stack's ${kind.slice(0, -1)}`,
      wayOut: `begin it with ${scene.stackName}, the stack's name`,
    }
  if (option === undefined || !OPTIONS[kind]?.test(option))
    return { text: `the label ${label} is not known to be harmless to other stacks`, wayOut: otherwise }
  return optionFault(option, value, scene)
}

const OPTIONS: Readonly<Record<string, RegExp>> = {
  routers: ROUTER,
  services: SERVICE,
  middlewares: MIDDLEWARE,
}

function optionFault(option: string, value: string, scene: PolicyScene): RoutingFault | null {
  if (option === 'rule' && !hostsOnly(value, (host) => isOwnHost(host, scene)))
    return {
      text: `the rule ${value} answers for more than ${scene.domain}`,
      wayOut: `write Host(\`${scene.domain}\`), with more conditions joined by &&, or have the operator write allow: { hosts: [...] } in the recipe`,
    }
  const domains = option.startsWith('tls.domains') ? value.split(',') : []
  const other = domains.find((host) => !isOwnHost(host.trim(), scene))
  if (other !== undefined)
    return { text: `asks for a certificate of ${other}`, wayOut: allowing(`hosts: ['${other}']`) }
  if (['service', 'errors.service'].includes(option) && !isOwnName(value, scene))
    return {
      text: `sends requests to ${value}, which is no service of this stack`,
      wayOut: `name a service that begins with ${scene.stackName}`,
    }
  return null
}

function isOwnHost(host: string, { domain, allow }: PolicyScene): boolean {
  const name = host.toLowerCase()
  return (
    name === domain || name.endsWith(`.${domain}`) || allow.hosts.includes('*') || allow.hosts.includes(name)
  )
}

/** A name's own characters end it, so that `a_org` does not begin `a_organic`. */
function isOwnName(name: string, { stackName }: PolicyScene): boolean {
  return name === stackName || name.startsWith(`${stackName}_`) || name.startsWith(`${stackName}-`)
}
