import type { Random } from '../fuzz/random.ts'

/** A call of a service that changes something outside of it: `fsync open`, for the third time in its life. */
export interface Call {
  readonly name: string
  readonly number: number
}

/** Where a service is killed: just before a call has any effect, or just after it has all of it. */
export interface Point extends Call {
  readonly side: 'before' | 'after'
}

/** `after 3 fsync open` */
export function nameOf({ side, number, name }: Point): string {
  return `${side} ${number} ${name}`
}

/** @throws Error for a text that names none */
export function pointOf(text: string): Point {
  const [, side, number, name] = /^(before|after) (\d+) (.+)$/.exec(text) ?? []
  if (side === undefined || name === undefined)
    throw new Error(`"${text}" is no point; one is named "after 3 fsync open"`)
  return { side: side === 'before' ? side : 'after', number: Number(number), name }
}

/** Lines `N NAME`, of which the last may be in the middle of its writing. */
export function callsIn(record: string): readonly Call[] {
  const lines = record.split('\n').slice(0, -1)
  return lines.flatMap((line) => {
    const [, number, name] = /^(\d+) (.+)$/.exec(line) ?? []
    return name === undefined ? [] : [{ name, number: Number(number) }]
  })
}

/** Both sides of each call, in the order of the calls. */
export function pointsOf(calls: readonly Call[]): readonly Point[] {
  return calls.flatMap((call) => [
    { ...call, side: 'before' },
    { ...call, side: 'after' },
  ])
}

/** Points that are alike: a call, and the place that it is made at. Each commit is a kind of its own, by what it holds, and so is each request. */
export function kindOf({ name }: Call): string {
  const [call = '', ...rest] = name.split(' ')
  const what = rest.join(' ')
  const commit = /^berth\.db-wal: (.+)$/.exec(what)?.[1]
  if (commit !== undefined) return call === 'fsync' ? `commit: ${commit}` : 'page of a commit'
  if (call === 'send' || call === 'fork' || what === 'control pipe') return name
  if (what.startsWith('berth.db')) return `${call} berth.db…`
  const [folder = ''] = what.split('/')
  const isWithin = FOLDERS.has(folder) && (call !== 'mkdir' || what.includes('*'))
  return `${call} ${isWithin ? `${folder}/…` : 'the state folder'}`
}

const FOLDERS: ReadonlySet<string> = new Set(['runs', 'open', 'locks', 'tickets'])

/** How many points: so many, as many as there are kinds, or all. */
export type Most = number | 'kinds' | 'all'

/** Points drawn by chance, in their order: one of each kind first, then others. */
export function drawn(points: readonly Point[], most: Most, random: Random): readonly Point[] {
  if (most === 'all') return points
  const shuffled = random.shuffle(points)
  const ofEach = new Set(new Map(shuffled.map((point) => [kindOf(point), point])).values())
  const order = [...random.shuffle([...ofEach]), ...shuffled.filter((point) => !ofEach.has(point))]
  const chosen = new Set(order.slice(0, most === 'kinds' ? ofEach.size : most))
  return points.filter((point) => chosen.has(point))
}
