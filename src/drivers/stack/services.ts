import { stackName } from '../../model/names.ts'
import { type Fields, fieldsOf, listOf, optional, textMapOf, textOf } from '../../model/read.ts'
import { STACK_LABEL } from '../../model/stackObjects.ts'
import type { BackupService } from '../coopCloud/backupScope.ts'
import type { Engine } from '../docker/engine.ts'
import type { StackStage } from './stage.ts'

/** A service of the run's stack as it stands. */
export interface StandingService extends BackupService {
  readonly id: string
}

/** By name. @throws EngineError */
export async function servicesOf(
  { request }: Pick<StackStage, 'request'>,
  engine: Engine,
): Promise<readonly StandingService[]> {
  const stack = stackName(request.domain)
  const filters = { label: [`${STACK_LABEL}=${stack}`] }
  const answer = await engine.call<unknown[]>('list services', (docker, abortSignal) =>
    docker.listServices({ filters, abortSignal }),
  )
  return answer
    .map((raw) => readService(fieldsOf(raw, 'service'), `${stack}_`))
    .sort((one, other) => (one.name < other.name ? -1 : 1))
}

function readService(raw: Fields, prefix: string): StandingService {
  const spec = fieldsOf(raw['Spec'], 'Spec')
  const container = fieldsOf(fieldsOf(spec['TaskTemplate'], 'TaskTemplate')['ContainerSpec'], 'ContainerSpec')
  return {
    id: textOf(raw, 'ID'),
    name: textOf(spec, 'Name').slice(prefix.length),
    labels: optional(spec, 'Labels', textMapOf) ?? {},
    volumes: (optional(container, 'Mounts', mountsOf) ?? []).flatMap((mount) =>
      mount['Type'] === 'volume' && typeof mount['Source'] === 'string'
        ? [{ name: mount['Source'], target: textOf(mount, 'Target') }]
        : [],
    ),
  }
}

function mountsOf(fields: Fields, key: string): readonly Fields[] {
  return listOf(fields, key, (mount) => fieldsOf(mount, key))
}
