import { type PastStage, readPastStages } from '../model/pastStage.ts'
import type { Store } from '../model/ports.ts'
import { fieldsOf, textOf } from '../model/read.ts'
import type { Database } from './database.ts'

const OF_RUN = 'SELECT stages FROM runs WHERE id = :id AND stages IS NOT NULL'

/** A record with words of a newer berth is left out: of that run nothing is known here. */
export function pastStagesOn(database: Database): Store['pastStages'] {
  const ofRun = database.prepare(OF_RUN)

  function stagesOf(id: string): readonly PastStage[] | null {
    const row = ofRun.get({ id })
    return row === undefined ? null : readPastStages(JSON.parse(textOf(fieldsOf(row, 'run'), 'stages')))
  }

  return async (ids) =>
    database.read(() => {
      const known = ids.map((id) => [id, stagesOf(id)] as const)
      return new Map(known.flatMap(([id, stages]) => (stages === null ? [] : [[id, stages] as const])))
    })
}
