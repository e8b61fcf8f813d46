import { type Fields, fieldsOf, numberOf, optional } from './read.ts'

/** What all processes of a run together may use; null = as much as there is. */
export interface Limits {
  readonly memoryBytes: number | null
  /** Threads count, too. */
  readonly processes: number | null
  /** Time of so many processors; 0.5 is half of one's. */
  readonly cpus: number | null
}

export const NO_LIMITS: Limits = { memoryBytes: null, processes: null, cpus: null }

export function isLimited(limits: Limits): boolean {
  return Object.values(limits).some((limit) => limit !== null)
}

/** What a recipe asks for, as far as the operator's limits let it. */
export function strictest(asked: Limits, most: Limits): Limits {
  return {
    memoryBytes: smaller(asked.memoryBytes, most.memoryBytes),
    processes: smaller(asked.processes, most.processes),
    cpus: smaller(asked.cpus, most.cpus),
  }
}

function smaller(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other)
}

export function readLimits(fields: Fields, key: string): Limits {
  const limits = fieldsOf(fields[key], key)
  return {
    memoryBytes: optional(limits, 'memoryBytes', numberOf),
    processes: optional(limits, 'processes', numberOf),
    cpus: optional(limits, 'cpus', numberOf),
  }
}
