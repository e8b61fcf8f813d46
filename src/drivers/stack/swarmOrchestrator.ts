import { OBJECT_KINDS } from '../../model/stackObjects.ts'
import { requireSwarm } from '../docker/engine.ts'
import { taskContainers } from './containers.ts'
import type { Orchestrator } from './stage.ts'
import { stand } from './standing.ts'

/** Services of a Docker swarm, asked for by `docker stack`. */
export const swarmOrchestrator: Orchestrator = {
  driver: 'swarm',
  kinds: OBJECT_KINDS,
  tellsAnswers: true,
  noise: null,
  requireEngine: requireSwarm,
  configCall: (_, files) =>
    Promise.resolve({ words: ['stack', 'config', ...files.flatMap((file) => ['--compose-file', file])] }),
  stand,
  containersOf: taskContainers,
}
