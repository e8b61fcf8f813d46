/** What of a service is asked. */
export interface Target {
  readonly service: string
  readonly port: number
  /** With its query; of HTTP only. */
  readonly path: string
}

/** The schema has looked at the form. */
export function targetOf(rule: { readonly http: string } | { readonly tcp: string }): Target {
  if ('tcp' in rule) {
    const [service = '', port = ''] = rule.tcp.split(':')
    return { service, port: Number(port), path: '' }
  }
  const { hostname, port, pathname, search } = new URL(rule.http)
  return { service: hostname, port: port === '' ? 80 : Number(port), path: `${pathname}${search}` }
}
