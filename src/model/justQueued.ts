/** What the record of a run says beside what it was queued with, as long as nothing has happened to it. */
export const JUST_QUEUED = {
  state: 'queued',
  waitsFor: null,
  stage: null,
  startedAtMs: null,
  concludedAtMs: null,
  verdict: null,
  stop: null,
  attempts: 0,
  checkRunId: null,
  reports: 0,
} as const
