import { type Call, isFork, type Trace } from './strace.ts'

/** An open file description, as open(2) made it: its copies in all processes are one. */
export interface Opened {
  readonly id: number
  readonly path: string
  readonly flags: string
}

/** A call, with the description that its first argument stands for. */
export interface Use extends Call {
  readonly on: Opened | null
  /** Of fork and exec: what the child, or the program, has open by descriptor. */
  readonly has: ReadonlyMap<number, Opened>
}

type Table = Map<number, { readonly opened: Opened; readonly closesOnExec: boolean }>

/** Follows every descriptor through open, dup, fork, exec and close. */
export function uses({ calls }: Trace): readonly Use[] {
  const tables = new Map<number, Table>()
  let ids = 0
  return calls.map((call): Use => {
    const table = tables.get(call.pid) ?? new Map()
    tables.set(call.pid, table)
    const fd = Number.parseInt(call.words, 10)
    const on = table.get(fd)?.opened ?? null
    if (call.name === 'openat' && call.result >= 0) {
      const flags = call.words.slice(call.words.lastIndexOf('"') + 1)
      const opened = { id: ids++, path: pathsIn(call)[0] ?? '', flags }
      table.set(call.result, { opened, closesOnExec: flags.includes('O_CLOEXEC') })
      return { ...call, on: opened, has: NOTHING }
    }
    if (isFork(call)) tables.set(call.result, new Map(table))
    else change(table, call, fd)
    const has = isFork(call) || call.name === 'execve' ? openIn(table) : NOTHING
    return { ...call, on, has }
  })
}

const NOTHING: ReadonlyMap<number, Opened> = new Map()

function openIn(table: Table): ReadonlyMap<number, Opened> {
  return new Map([...table].map(([fd, { opened }]) => [fd, opened]))
}

/** The texts in quotes among the arguments: paths, but for what is written. */
export function pathsIn({ words }: Call): readonly string[] {
  return [...words.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => text)
}

function change(table: Table, { name, words, result }: Call, fd: number): void {
  const entry = table.get(fd)
  if (name === 'close') table.delete(fd)
  else if (name === 'execve' && result === 0) {
    for (const [open, { closesOnExec }] of table) if (closesOnExec) table.delete(open)
  } else if (result < 0) return
  else if (name.startsWith('dup') || words.includes('F_DUPFD')) {
    if (entry === undefined) table.delete(result)
    else table.set(result, { opened: entry.opened, closesOnExec: words.includes('CLOEXEC') })
  } else if (name === 'close_range') closeRange(table, words)
  else if (entry !== undefined && /FIOCLEX|F_SETFD, FD_CLOEXEC/.test(words))
    table.set(fd, { ...entry, closesOnExec: true })
  else if (entry !== undefined && /FIONCLEX|F_SETFD, 0/.test(words))
    table.set(fd, { ...entry, closesOnExec: false })
}

function closeRange(table: Table, words: string): void {
  const [first = 0, last = 0] = words.split(', ').map(Number)
  for (const [fd, entry] of table) {
    if (fd < first || fd > last) continue
    if (words.includes('CLOEXEC')) table.set(fd, { ...entry, closesOnExec: true })
    else table.delete(fd)
  }
}
