import { EXIT } from '../errors.ts'
import type { Recoverer } from '../lock/claim.ts'
import type { NoteTakeOver } from '../model/takeOver.ts'
import type { StatePaths } from '../store/stateFolder.ts'
import { type Launched, launchWrapper } from './launch.ts'

/**
 * Recovers by launching the wrapper of the dead run with our locks, as dispatcher, reaper, janitor and `berth run` all do: nobody tears down
 * inside its own process.
 * @param launched hears of the wrapper; by default this process lives until that one has ended
 * @param note hears of runs that are taken over
 */
export function recoverer(
  state: StatePaths,
  by: string,
  insist: boolean,
  launched: (wrapper: Launched) => void = () => undefined,
  note: NoteTakeOver = () => undefined,
): Recoverer {
  return {
    by,
    insist,
    note,
    async recover(run, { names, fds }) {
      const wrapper = await launchWrapper({ state, run, names, fds, cloneToken: null, foreground: false })
      launched(wrapper)
      await wrapper.ended
      return wrapper.child.exitCode === EXIT.busy ? 'elsewhere' : 'done'
    },
  }
}
