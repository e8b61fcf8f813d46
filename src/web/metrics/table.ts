import { ALARM_KINDS } from '../../model/alarm.ts'
import { MECHANISM_NAMES } from '../../model/mechanisms.ts'
import { CONCLUSIONS, END_REASONS, OUTCOMES } from '../../model/run.ts'
import { TAKE_OVERS } from '../../model/takeOver.ts'
import { TRACE_OUTCOMES } from '../../tracing/traces.ts'
import { HOURLY } from '../limits.ts'
import { HISTOGRAMS } from './histograms.ts'
import {
  ALARM_OUTCOMES,
  ALARM_STATES,
  DECISIONS,
  DELIVERY_OUTCOMES,
  FAULTS,
  HEALED,
  LIVE_STATES,
  NAME_STATES,
  OTHER,
  PROOFS_SHOWN,
  SHOWN_KINDS,
  TIMEOUTS,
} from './labels.ts'
import type { MetricRow } from './row.ts'

const LIMIT_KINDS = HOURLY.map(({ kind }) => kind)

/** All metrics of the service. Labels take values of closed sets only: never a repository, a domain, a branch or a person. */
export const METRICS = {
  slots: {
    name: 'berth_slots',
    type: 'gauge',
    help: 'Runs that the service has at a time, at most',
    labels: {},
  },
  queued: { name: 'berth_runs_queued', type: 'gauge', help: 'Runs that wait in the queue', labels: {} },
  live: {
    name: 'berth_runs_live',
    type: 'gauge',
    help: 'Runs under way, by state',
    labels: { state: LIVE_STATES },
  },
  switchedOff: {
    name: 'berth_switched_off',
    type: 'gauge',
    help: 'Background mechanisms that the operator has switched off: 1, else 0',
    labels: { mechanism: MECHANISM_NAMES },
  },
  reloaded: {
    name: 'berth_config_last_reload_successful',
    type: 'gauge',
    help: 'What is in force is what was read last: 1; the last reload was refused: 0',
    labels: {},
  },
  limitsUsedUp: {
    name: 'berth_limits_used_up',
    type: 'gauge',
    help: 'People, pull requests and repositories whose limit within an hour is used up, by kind; 100 of each are counted at most',
    labels: { kind: LIMIT_KINDS },
  },
  crashLoops: {
    name: 'berth_crash_loops',
    type: 'gauge',
    help: 'Recipes that are suppressed at a commit, since they keep failing in the harness',
    labels: {},
  },
  broken: {
    name: 'berth_runs_broken',
    type: 'gauge',
    help: 'Runs whose records cannot be read',
    labels: {},
  },
  names: {
    name: 'berth_names',
    type: 'gauge',
    help: 'Domains and resources in use or left dirty, by state',
    labels: { state: NAME_STATES },
  },
  reportsPending: {
    name: 'berth_reports_pending',
    type: 'gauge',
    help: 'Runs and comments of which GitHub is still to be told something',
    labels: {},
  },
  reportsFailed: {
    name: 'berth_reports_failed',
    type: 'gauge',
    help: 'Stored reports that were given up',
    labels: {},
  },
  alarms: {
    name: 'berth_alarms',
    type: 'gauge',
    help: 'Stored alarms that wait for their receiver, or were given up',
    labels: { state: ALARM_STATES },
  },
  alarmEvents: {
    name: 'berth_alarms_total',
    type: 'counter',
    help: 'What became of attempts at sending alarms, by kind',
    labels: { kind: [...ALARM_KINDS, OTHER], outcome: ALARM_OUTCOMES },
  },
  deliveries: {
    name: 'berth_deliveries_total',
    type: 'counter',
    help: 'Webhook calls, by what became of them',
    labels: { outcome: DELIVERY_OUTCOMES },
  },
  decisions: {
    name: 'berth_decisions_total',
    type: 'counter',
    help: 'Decided deliveries, by outcome or reason of refusal',
    labels: { outcome: [...DECISIONS, OTHER] },
  },
  missed: {
    name: 'berth_healed_total',
    type: 'counter',
    help: 'What a look has found: webhooks that never came, and checks that lagged behind',
    labels: { what: [...HEALED, OTHER] },
  },
  accepted: {
    name: 'berth_runs_accepted_total',
    type: 'counter',
    help: 'Runs that were put into the queue',
    labels: {},
  },
  started: {
    name: 'berth_runs_started_total',
    type: 'counter',
    help: 'Attempts at starting a run',
    labels: {},
  },
  requeued: {
    name: 'berth_runs_requeued_total',
    type: 'counter',
    help: 'Runs that went back into the queue: nothing of them had begun',
    labels: {},
  },
  takeOvers: {
    name: 'berth_take_overs_total',
    type: 'counter',
    help: 'Runs whose end was taken over from the process that had it, by how',
    labels: { how: TAKE_OVERS },
  },
  concluded: {
    name: 'berth_runs_concluded_total',
    type: 'counter',
    help: 'Ended runs, by conclusion and reason',
    labels: { conclusion: CONCLUSIONS, reason: END_REASONS },
  },
  stages: {
    name: 'berth_stages_total',
    type: 'counter',
    help: 'Ended stages of concluded runs, by outcome',
    labels: { outcome: OUTCOMES },
  },
  teardowns: {
    name: 'berth_teardowns_total',
    type: 'counter',
    help: 'First teardowns of concluded runs, by what they could prove',
    labels: { proof: PROOFS_SHOWN },
  },
  timeouts: {
    name: 'berth_timeouts_total',
    type: 'counter',
    help: 'What did not end within its time, of concluded runs: stages, runs, teardown commands',
    labels: { what: TIMEOUTS },
  },
  deliveryRetries: {
    name: 'berth_delivery_retries_total',
    type: 'counter',
    help: 'Attempts at deciding a webhook that failed',
    labels: {},
  },
  limited: {
    name: 'berth_outbox_limited_total',
    type: 'counter',
    help: 'How often GitHub has limited an installation',
    labels: {},
  },
  reportRetries: {
    name: 'berth_report_retries_total',
    type: 'counter',
    help: 'Attempts at telling GitHub that are to be repeated',
    labels: { kind: SHOWN_KINDS },
  },
  reportsGivenUp: {
    name: 'berth_reports_given_up_total',
    type: 'counter',
    help: 'Reports given up since the service started',
    labels: { kind: SHOWN_KINDS },
  },
  faults: {
    name: 'berth_faults_total',
    type: 'counter',
    help: 'Faults in background work, by event',
    labels: { event: [...FAULTS, OTHER] },
  },
  traces: {
    name: 'berth_traces_total',
    type: 'counter',
    help: 'Attempts at telling the collector of a run, or of a report, by what came of them; dropped = it never arrives',
    labels: { outcome: TRACE_OUTCOMES },
  },
  ...HISTOGRAMS,
} as const satisfies Readonly<Record<string, MetricRow>>
