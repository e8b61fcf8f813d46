import { Agent, get, type IncomingMessage } from 'node:http'
import { nowMs } from './wait.ts'

/** A browser that keeps its connection. */
export interface Client extends Disposable {
  /** Milliseconds until the last byte is here. @throws Error where the answer is not 200 */
  readonly time: (path: string) => Promise<number>
  /** The answer as it begins: whoever reads it says how fast. @throws Error where it is not 200 */
  readonly open: (path: string) => Promise<IncomingMessage>
}

export function clientOf(port: number): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const open = (path: string) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      get({ host: '127.0.0.1', port, path, agent }, (answer) => {
        if (answer.statusCode === 200) return resolve(answer)
        answer.resume()
        reject(new Error(`${path} answers ${answer.statusCode}`))
      }).once('error', reject)
    })
  return {
    open,
    async time(path) {
      const beganMs = nowMs()
      const answer = await open(path)
      let bytes = 0
      for await (const chunk of answer) bytes += chunk.length
      if (bytes === 0) throw new Error(`${path} answers nothing`)
      return nowMs() - beganMs
    },
    [Symbol.dispose]: () => agent.destroy(),
  }
}
