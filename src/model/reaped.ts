/**
 * What came of a run that no process had any more: it was torn down and concluded; nothing of it had begun, and it is queued again, or was so too
 * often; or nobody could conclude it.
 */
export const REAPED = ['recovered', 'requeued', 'not_started', 'not_cleaned'] as const
export type Reaped = (typeof REAPED)[number]
