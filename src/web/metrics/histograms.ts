import { RESULTS } from '../../model/phases.ts'
import { CONCLUSIONS, OUTCOMES } from '../../model/run.ts'
import { LIVE_STATES, SHOWN_KINDS } from './labels.ts'
import type { MetricRow } from './row.ts'

/** How long things take, in seconds. */
export const HISTOGRAMS = {
  queueSeconds: {
    name: 'berth_run_queue_seconds',
    type: 'histogram',
    help: 'From a run being asked for to its start',
    labels: {},
  },
  phaseSeconds: {
    name: 'berth_run_phase_seconds',
    type: 'histogram',
    help: 'Time in a state, of runs seen to enter and leave it',
    labels: { state: LIVE_STATES },
  },
  runSeconds: {
    name: 'berth_run_seconds',
    type: 'histogram',
    help: 'From a run being started to its conclusion',
    labels: { conclusion: CONCLUSIONS },
  },
  stopSeconds: {
    name: 'berth_run_stop_seconds',
    type: 'histogram',
    help: 'From a stop being asked for to the conclusion',
    labels: {},
  },
  stageSeconds: {
    name: 'berth_stage_seconds',
    type: 'histogram',
    help: 'Duration of ended stages, by outcome',
    labels: { outcome: OUTCOMES },
  },
  teardownSeconds: {
    name: 'berth_teardown_seconds',
    type: 'histogram',
    help: 'Duration of first teardowns',
    labels: {},
  },
  commentAckSeconds: {
    name: 'berth_comment_ack_seconds',
    type: 'histogram',
    help: 'From a comment’s webhook being taken to the first answer on GitHub: a reaction or a reply',
    labels: {},
  },
  commentRunningSeconds: {
    name: 'berth_comment_running_seconds',
    type: 'histogram',
    help: 'From a comment’s webhook being taken to the first line of the run’s own process',
    labels: {},
  },
  lockWaitSeconds: {
    name: 'berth_lock_wait_seconds',
    type: 'histogram',
    help: 'Part of the time in the queue in which other runs had a name of the run; 0 = none had',
    labels: {},
  },
  launchSeconds: {
    name: 'berth_launch_seconds',
    type: 'histogram',
    help: 'From a run having its locks to the first line of its own process',
    labels: {},
  },
  checkoutSeconds: {
    name: 'berth_checkout_seconds',
    type: 'histogram',
    help: 'Duration of checkouts of concluded runs, by result',
    labels: { result: RESULTS },
  },
  deadSeconds: {
    name: 'berth_run_dead_seconds',
    type: 'histogram',
    help: 'From a stop being asked for to the proof that the processes of the stage are gone',
    labels: {},
  },
  reportedSeconds: {
    name: 'berth_run_reported_seconds',
    type: 'histogram',
    help: 'From a run having its verdict to GitHub having it',
    labels: {},
  },
  reportSeconds: {
    name: 'berth_report_seconds',
    type: 'histogram',
    help: 'From a report being stored to GitHub having it',
    labels: { kind: SHOWN_KINDS },
  },
} as const satisfies Readonly<Record<string, MetricRow>>
