import { createServer, type RequestListener, type Server } from 'node:http'
import { EXIT, HarnessError, messageOf } from '../errors.ts'
import type { Credentials } from './credentials.ts'

/** GitHub waits 10 s for an answer: who has not said all by then is nobody to wait for. */
const REQUEST_MS = 15_000
/** By default Node looks every 30 s only for who is late. */
const LOOK_MS = 1_000

/** @throws HarnessError PORT_TAKEN naming the address and the way out */
export async function listen({ host, port }: Credentials, listener: RequestListener): Promise<Server> {
  const server = createServer(
    { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS, connectionsCheckingInterval: LOOK_MS },
    listener,
  )
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const text = `berth serve cannot listen on ${host}:${port} (${messageOf(error)}); set PORT or HOST to another`
      reject(new HarnessError('PORT_TAKEN', text, { exitCode: EXIT.taken }))
    })
    server.listen(port, host, resolve)
  })
  return server
}

export async function closed(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise<void>((resolve) => server.close(() => resolve()))
}
