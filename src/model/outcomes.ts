/**
 * What came of a delivery that somebody asks something by, or that tells of a pull request or a place; else it is a refusal's reason, or a word for why
 * it was nothing for us. The metrics count by these.
 */
export const OUTCOMES = [
  'run_queued',
  'stop_requested',
  'approved',
  'approval_revoked',
  'status_told',
  'help_told',
  'why_told',
  'hold_ordered',
  'release_ordered',
  'nothing_to_do',
  'refused',
  'head_seen',
  'repository_moved',
  'repository_gone',
  'installation_gone',
  'unreadable',
] as const
export type Outcome = (typeof OUTCOMES)[number]
