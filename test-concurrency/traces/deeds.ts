import type { Actor } from './cast.ts'
import type { Call } from './strace.ts'

/** What a process of the trace has done, in the words of the model's steps. */
export interface Deed {
  readonly pid: number
  says: RegExp
  /** An end is no step of the model’s where the process has nothing any more. */
  readonly isEnd: boolean
  readonly signal: string | null
  /** Of a launch: the names whose locks the child has after its exec. */
  gives: readonly number[] | null
  /** Of a launch and a start: the child. */
  child: number | null
  readonly from: number
  to: number
  /** The call that shows it, for people. */
  readonly call: string
}

/** Collects what one actor does, in order. */
export interface Teller {
  readonly actor: Actor
  readonly deeds: Deed[]
  /** Begins with `from`, where that was an earlier call. */
  readonly tell: (says: string | RegExp, call: Call, from?: Call) => Deed
  /** The last deed is over when this call is. */
  readonly stretch: (call: Call) => void
}

export function teller(actor: Actor): Teller {
  const deeds: Deed[] = []
  return {
    actor,
    deeds,
    tell(says, call, from = call) {
      const deed: Deed = {
        pid: actor.pid,
        says: typeof says === 'string' ? new RegExp(`^${says}`) : says,
        isEnd: false,
        signal: null,
        gives: null,
        child: null,
        from: from.from,
        to: call.to,
        call: `${call.name}(${call.words}) = ${call.result}`,
      }
      deeds.push(deed)
      return deed
    },
    stretch(call) {
      const last = deeds.at(-1)
      if (last !== undefined) last.to = Math.max(last.to, call.to)
    },
  }
}
