/** The log's file name of a stage; stages count from 0. */
export function stageLogName(index: number, name: string): string {
  return `${String(index + 1).padStart(2, '0')}-${name}.log`
}

/** No stage may have this name. */
export const TEARDOWN = 'teardown'
export const TEARDOWN_LOG = `${TEARDOWN}.log`

/** What the processes of a run's checkout are marked with, where those of a stage have its name. */
export const CHECKOUT = 'checkout'
