import { join } from 'node:path'
import { InputError, messageOf } from '../../errors.ts'
import { fieldsOf, numberOf, textOf } from '../../model/read.ts'
import { readIfThere, replaceFile } from '../../store/durable.ts'

/**
 * Has GitHub tell the credentials of an App that was registered from our manifest, and puts them where the service reads them. GitHub tells them once.
 * Source: https://docs.github.com/rest/apps/apps#create-a-github-app-from-a-manifest
 * @param api REST's base address
 * @param file what the service reads as its environment; what else it says stays
 * @returns the App's page at GitHub
 */
export async function takeAppCode(api: string, code: string, file: string): Promise<string> {
  const before = readIfThere(file) ?? ''
  const known = /^APP_ID=(.+)$/m.exec(before)?.[1]
  if (known !== undefined)
    throw new InputError('berth init --app-code', [
      `${file} has the credentials of App ${known}; remove its APP_ID= line first`,
    ])
  const app = fieldsOf(await exchanged(api, code), 'GitHub’s answer')
  const key = join(file, '..', 'github-app.pem')
  replaceFile(key, textOf(app, 'pem'))
  const lines = {
    APP_ID: String(numberOf(app, 'id')),
    PRIVATE_KEY_PATH: key,
    WEBHOOK_SECRET: textOf(app, 'webhook_secret'),
    GITHUB_CLIENT_ID: textOf(app, 'client_id'),
    GITHUB_CLIENT_SECRET: textOf(app, 'client_secret'),
  }
  replaceFile(file, Object.entries(lines).reduce(withLine, before))
  return textOf(app, 'html_url')
}

async function exchanged(api: string, code: string): Promise<unknown> {
  const address = `${api}/app-manifests/${encodeURIComponent(code)}/conversions`
  const fault = (why: string, cause?: unknown) =>
    new InputError('berth init --app-code', [`${api} gives no App for this code: ${why}`], { cause })
  try {
    const response = await fetch(address, {
      method: 'POST',
      headers: { accept: 'application/vnd.github+json', 'user-agent': 'berth' },
    })
    if (response.ok) return await response.json()
    const why =
      response.status === 404 ? '404; a code is good for an hour, and once' : String(response.status)
    throw fault(why)
  } catch (error) {
    if (error instanceof InputError) throw error
    throw fault(messageOf(error), error)
  }
}

/** In the place of the line of that name, else at the end. */
function withLine(text: string, [name, value]: readonly [string, string]): string {
  const line = `${name}=${value}`
  const place = new RegExp(`^${name}=.*$`, 'm')
  if (place.test(text)) return text.replace(place, () => line)
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`
}
