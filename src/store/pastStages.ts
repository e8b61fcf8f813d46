import { readPastStages } from '../model/history.ts'
import type { PastStage } from '../model/pastStage.ts'
import type { Store } from '../model/ports.ts'
import { fieldsOf, textOf } from '../model/read.ts'
import type { Database } from './database.ts'

const OF_RUNS = `
  SELECT id, stages FROM runs WHERE stages IS NOT NULL AND id IN (SELECT value FROM json_each(:ids))`

/** A record with words of a newer berth is left out: of that run nothing is known here. */
export function pastStagesOn(database: Database): Store['pastStages'] {
  const ofRuns = database.prepare(OF_RUNS)
  return async (ids) =>
    database.read(() => {
      const stages = new Map<string, readonly PastStage[]>()
      for (const row of ofRuns.all({ ids: JSON.stringify(ids) })) {
        const fields = fieldsOf(row, 'run')
        const read = readPastStages(JSON.parse(textOf(fields, 'stages')))
        if (read !== null) stages.set(textOf(fields, 'id'), read)
      }
      return stages
    })
}
