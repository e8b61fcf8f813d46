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
  word,
} from './look.ts'

const SHORT =
  /^(?:(\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:]+\]):)?(?:(\d+(?:-\d+)?)?:)?(\d+(?:-\d+)?)(?:\/(tcp|udp|sctp))?$/
const MOST_RANGE = 100

const long = keys({
  target: plain,
  published: plain,
  protocol: word('tcp', 'udp', 'sctp'),
  mode: word('ingress', 'host'),
  host_ip: plain,
  name: plain,
  app_protocol: plain,
})

/** A published port is a host's, in both modes: whoever asks the host reaches it, and nobody else can have it. */
export const ports: Look = listOf((value, at) => {
  if (isPlain(value)) return short(value, at)
  const port = long(value, at)
  if (!isMap(value) || port === undefined) return port
  const protocol = String(value['protocol'] ?? 'tcp')
  return isPublishable(value['published'], protocol, at) ? port : undefined
})

function short(value: string | number | boolean, at: At): unknown {
  const [whole, , published, , protocol = 'tcp'] = SHORT.exec(String(value)) ?? []
  if (whole === undefined) return refuse(at, `${shownText(value)} is no port`, 'write published:target')
  return isPublishable(published, protocol, at) ? value : undefined
}

function isPublishable(published: unknown, protocol: string, at: At): boolean {
  if (published === undefined || published === null || Number(published) === 0 || published === '') {
    if (at.scene.allow.ports.includes('any')) return true
    refuse(at, 'publishes a port of the host that the engine chooses', allowing('ports: [any]'))
    return false
  }
  const wanted = portsOf(String(published))
  if (wanted === null) {
    refuse(
      below(at, 'published', 'published'),
      `${shownText(published)} is no port, or too many`,
      'write one port',
    )
    return false
  }
  const other = wanted.find((port) => !isAllowed(port, protocol, at))
  if (other === undefined) return true
  const line = protocol === 'tcp' ? String(other) : `${other}/${protocol}`
  refuse(at, `publishes port ${line} of the host`, allowing(`ports: [${line}]`))
  return false
}

function portsOf(published: string): readonly number[] | null {
  const [, first, last] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(published) ?? []
  if (first === undefined) return null
  const [from, to] = [Number(first), Number(last ?? first)]
  if (from < 1 || to > 65_535 || to < from || to - from >= MOST_RANGE) return null
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

function isAllowed(port: number, protocol: string, { scene }: At): boolean {
  const lines = scene.allow.ports
  return lines.includes(`${port}/${protocol}`) || (protocol === 'tcp' && lines.includes(String(port)))
}
