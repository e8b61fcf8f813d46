/** The yardstick of the webhook part: a Probot app with one empty handler, as a process of its own. Writes its port to standard output. */
import { createServer } from 'node:http'
import { createNodeMiddleware, Probot } from 'probot'

const [, , path = '', secret = ''] = process.argv
const probot = new Probot({ appId: 1, githubToken: 'none', secret, logLevel: 'fatal' })
const middleware = await createNodeMiddleware(
  (app) => {
    app.on('issue_comment', () => undefined)
  },
  { probot, webhooksPath: path },
)
const server = createServer(async (request, response) => {
  if (!(await middleware(request, response))) response.writeHead(404).end()
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.stdout.write(`${typeof address === 'object' ? address?.port : ''}\n`)
})
