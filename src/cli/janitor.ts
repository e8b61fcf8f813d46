import { EXIT } from '../errors.ts'
import type { JanitorWorld } from '../janitor/ports.ts'
import { type Swept, sweep } from '../janitor/sweep.ts'
import { lockAlone } from '../lock/single.ts'
import type { Context } from './context.ts'
import { jsonText } from './json.ts'
import { table } from './table.ts'

/** `berth janitor`: one sweep. A second janitor on the same state folder ends politely; a dry run takes no lock at all. */
export async function janitor(
  context: Context,
  world: JanitorWorld,
  options: { dryRun: boolean; json: boolean },
): Promise<number> {
  if (options.dryRun) return shown(context, await sweep(world, true), options.json)
  const other = lockAlone(context.state.janitorLock, 'janitor')
  if (other !== null) {
    context.stderr.write(`berth janitor: another janitor is at work here (${other})\n`)
    return EXIT.busy
  }
  return shown(context, await sweep(world, false), options.json)
}

function shown(context: Context, { findings, exitCode }: Swept, json: boolean): number {
  if (json) context.stdout.write(jsonText({ findings, exitCode }))
  else if (findings.length === 0) context.stdout.write('Nothing was left.\n')
  else
    context.stdout.write(
      table(
        ['what', 'name', 'action', 'why'],
        findings.map(({ what, name, action, why }) => [what, name, action, why]),
      ),
    )
  return exitCode
}
