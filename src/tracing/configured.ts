import { InputError } from '../errors.ts'

type Environment = Readonly<Record<string, string | undefined>>

const ENDPOINTS = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'] as const
const PROTOCOLS = ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL'] as const

/** Whether the environment names a collector of traces, in OpenTelemetry's own variables. */
export function isTraced(env: Environment): boolean {
  const isOff = env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true' || env['OTEL_TRACES_EXPORTER'] === 'none'
  return !isOff && firstOf(ENDPOINTS, env) !== null
}

/** @throws InputError with every reason why nothing could ever reach the collector */
export function checkTracing(env: Environment): void {
  if (!isTraced(env)) return
  const faults: string[] = []
  const endpoint = firstOf(ENDPOINTS, env)
  if (endpoint !== null && !/^https?:$/.test(URL.parse(endpoint.value)?.protocol ?? ''))
    faults.push(`${endpoint.name} must be an address such as http://localhost:4318`)
  const protocol = firstOf(PROTOCOLS, env)
  if (protocol !== null && !protocol.value.startsWith('http/'))
    faults.push(
      `${protocol.name} is ${protocol.value}, and berth sends traces over HTTP only: set OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/json and the collector's address for HTTP, or OTEL_TRACES_EXPORTER=none`,
    )
  const exporter = env['OTEL_TRACES_EXPORTER'] || 'otlp'
  if (exporter !== 'otlp') faults.push(`OTEL_TRACES_EXPORTER must be otlp or none, and is ${exporter}`)
  if (faults.length > 0) throw new InputError('berth serve cannot send traces', faults)
}

/** What is set to nothing is not set. */
function firstOf(
  names: readonly string[],
  env: Environment,
): { readonly name: string; readonly value: string } | null {
  for (const name of names) {
    const value = env[name]
    if (value !== undefined && value !== '') return { name, value }
  }
  return null
}
