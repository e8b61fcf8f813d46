import { isOver, RUN_STATES } from '../model/run.ts'

const OVER = RUN_STATES.filter(isOver)

/**
 * SQL's "is the run over?", made from the model's. With literals, and with `=` where there is one such state: only so does SQLite see that a
 * partial index answers.
 * @param state the column, or a parameter
 */
export function isOverSql(state = 'state'): string {
  return `(${OVER.map((over) => `${state} = '${over}'`).join(' OR ')})`
}
