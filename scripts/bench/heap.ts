import { fieldsOf, numberOf } from '../../src/model/read.ts'
import { until } from './wait.ts'

/** The service's Node is started with this, so that its inspector, once it is asked for, takes any free port. */
export const ANY_INSPECTOR_PORT = '--inspect-port=0'

/** The inside of another Node process, through its inspector (SIGUSR1 opens it: nodejs.org, "Debugger"). */
export interface Heap extends Disposable {
  /** Collects all garbage; resolves to what is still in use, in KB. */
  readonly collect: () => Promise<number>
}

/** @param complaints the process's standard error, where the inspector says its address */
export async function openHeap(pid: number, complaints: () => string, signal: AbortSignal): Promise<Heap> {
  process.kill(pid, 'SIGUSR1')
  const url = await until(
    "the service's inspector",
    () => /^Debugger listening on (ws:\S+)$/m.exec(complaints())?.[1] ?? null,
    signal,
  )
  const socket = new WebSocket(url)
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve(), { once: true })
    socket.addEventListener('error', () => reject(new Error(`${url} does not answer`)), { once: true })
  })
  const call = callsOn(socket)
  return {
    async collect() {
      await call('HeapProfiler.collectGarbage')
      await call('HeapProfiler.collectGarbage')
      return numberOf(fieldsOf(await call('Runtime.getHeapUsage'), 'heap usage'), 'usedSize') / 1024
    },
    [Symbol.dispose]: () => socket.close(),
  }
}

/** One call at a time, so that the next answer is the call's own. */
function callsOn(socket: WebSocket): (method: string) => Promise<unknown> {
  let id = 0
  return (method) =>
    new Promise((resolve, reject) => {
      id += 1
      const own = id
      socket.addEventListener('message', function hear({ data }) {
        const answer = fieldsOf(JSON.parse(String(data)), 'answer of the inspector')
        if (answer['id'] !== own) return
        socket.removeEventListener('message', hear)
        if (answer['result'] === undefined) reject(new Error(`${method}: ${String(data)}`))
        else resolve(answer['result'])
      })
      socket.send(JSON.stringify({ id: own, method }))
    })
}
