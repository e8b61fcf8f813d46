/** Work that others may not take the ground from: who leaves while it is under way has left when it is over. */
export interface LeavingAfter {
  /** One piece of work at a time for each id. */
  readonly during: <T>(id: string, work: () => Promise<T>) => Promise<T>
  /** At once, or after the work that is under way for this id, however that ends. */
  readonly leave: (id: string) => void
}

export function leavingAfter(leave: (id: string) => void): LeavingAfter {
  const [working, leaving] = [new Set<string>(), new Set<string>()]
  return {
    async during(id, work) {
      working.add(id)
      try {
        return await work()
      } finally {
        working.delete(id)
        if (leaving.delete(id)) leave(id)
      }
    },
    leave(id) {
      if (working.has(id)) leaving.add(id)
      else leave(id)
    },
  }
}
