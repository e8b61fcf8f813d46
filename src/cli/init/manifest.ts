import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { fieldsOf, textMapOf, textOf, textsOf } from '../../model/read.ts'

/** What an App is asked for. */
export interface AppWish {
  /** Where people and GitHub reach the service. */
  readonly url: string
  /** Null = the person's own App. */
  readonly organization: string | null
}

const PERMISSIONS = 'default_permissions'
const EVENTS = 'default_events'

/**
 * A page whose button hands GitHub the App's manifest: GitHub takes it by POST only, so no link can.
 * Source: https://docs.github.com/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
 */
export function manifestPage(wish: AppWish): string {
  const manifest = JSON.stringify({
    ...fieldsOf(appFile(), 'app.yml'),
    url: wish.url,
    hook_attributes: { url: webhookOf(wish), active: true },
    redirect_url: `${wish.url}/`,
    callback_urls: [callbackOf(wish)],
  })
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Register berth's GitHub App</title>
<style>body { font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem } button { font: inherit; padding: .5rem 1rem }</style>
<h1>Register berth's GitHub App</h1>
<p>GitHub shows what the App may do and asks for its name. Then it sends this browser to <code>${escaped(wish.url)}/?code=…</code>,
which need not answer yet: copy the code from the address line. Within an hour, on the machine:</p>
<pre>berth init --app-code CODE</pre>
<form action="${escaped(registrationOf(wish))}" method="post">
<input type="hidden" name="manifest" value="${escaped(manifest)}">
<button>Register the App at GitHub</button>
</form>
</html>
`
}

/**
 * The same as a link, which fills in GitHub's form; its numbers and keys are then copied by hand.
 * Source: https://docs.github.com/apps/sharing-github-apps/registering-a-github-app-using-url-parameters
 */
export function registrationLink(wish: AppWish): string {
  const fields = fieldsOf(appFile(), 'app.yml')
  const query = new URLSearchParams({
    name: textOf(fields, 'name'),
    description: textOf(fields, 'description'),
    url: wish.url,
    public: 'false',
    webhook_active: 'true',
    webhook_url: webhookOf(wish),
    ...textMapOf(fields, PERMISSIONS),
  })
  query.append('callback_urls[]', callbackOf(wish))
  for (const event of textsOf(fields, EVENTS)) query.append('events[]', event)
  return `${registrationOf(wish)}?${query.toString()}`
}

function appFile(): unknown {
  return parse(readFileSync(new URL('../../../app.yml', import.meta.url), 'utf8'))
}

function registrationOf({ organization }: AppWish): string {
  const { GHE_HOST: host = 'github.com', GHE_PROTOCOL: protocol = 'https' } = process.env
  const owner = organization === null ? '' : `/organizations/${encodeURIComponent(organization)}`
  return `${protocol}://${host}${owner}/settings/apps/new`
}

function webhookOf({ url }: AppWish): string {
  return `${url}/api/github/webhooks`
}

function callbackOf({ url }: AppWish): string {
  return `${url}/sign-in/callback`
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('"', '&quot;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
}
