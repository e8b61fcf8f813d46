import type { Scene } from './scene.ts'

/** As much of a browser as forms need: it keeps cookies, follows nothing, and says where a form comes from as browsers do. */
export interface Visitor {
  readonly cookies: Map<string, string>
  get(path: string): Promise<Seen>
  post(
    path: string,
    fields: Readonly<Record<string, string>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Seen>
  /** The word that forms of the page carry. */
  csrf(path?: string): Promise<string>
}

export interface Seen {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly location: string
}

export const OWN_PAGE = { origin: 'null', 'sec-fetch-site': 'same-origin' }

export function visit(scene: Pick<Scene, 'url'>): Visitor {
  const cookies = new Map<string, string>()

  async function send(path: string, init: RequestInit): Promise<Seen> {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { accept: 'text/html', ...(cookie === '' ? {} : { cookie }), ...init.headers }
    const response = await fetch(`${scene.url}${path}`, { ...init, headers, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (/max-age=0/i.test(line)) cookies.delete(name)
      else cookies.set(name, value)
    }
    const location = response.headers.get('location') ?? ''
    return { status: response.status, headers: response.headers, text: await response.text(), location }
  }

  const get: Visitor['get'] = (path) => send(path, {})
  return {
    cookies,
    get,
    post: (path, fields, headers = OWN_PAGE) =>
      send(path, { method: 'POST', body: new URLSearchParams(fields), headers }),
    async csrf(path = '/') {
      return /name="csrf" value="([^"]+)"/.exec((await get(path)).text)?.[1] ?? 'none'
    },
  }
}
