/** What one metric is: the only place that knows its name, its words and its labels. */
export interface MetricRow {
  readonly name: string
  readonly type: 'gauge' | 'counter' | 'histogram'
  readonly help: string
  readonly labels: readonly string[]
}

/** All metrics of the service. Labels take values of closed sets only: never a repository, a domain, a branch or a person. */
export const METRICS = {
  slots: {
    name: 'berth_slots',
    type: 'gauge',
    help: 'Runs that the service has at a time, at most',
    labels: [],
  },
  switchedOff: {
    name: 'berth_switched_off',
    type: 'gauge',
    help: 'Background mechanisms that the operator has switched off: 1, else 0',
    labels: ['mechanism'],
  },
  reloaded: {
    name: 'berth_config_last_reload_successful',
    type: 'gauge',
    help: 'What is in force is what was read last: 1; the last reload was refused: 0',
    labels: [],
  },
  queued: { name: 'berth_runs_queued', type: 'gauge', help: 'Runs that wait in the queue', labels: [] },
  live: { name: 'berth_runs_live', type: 'gauge', help: 'Runs under way, by state', labels: ['state'] },
  limitsUsedUp: {
    name: 'berth_limits_used_up',
    type: 'gauge',
    help: 'People, pull requests and repositories whose limit within an hour is used up, by kind; 100 of each are counted at most',
    labels: ['kind'],
  },
  crashLoops: {
    name: 'berth_crash_loops',
    type: 'gauge',
    help: 'Recipes that are suppressed at a commit, since they keep failing in the harness',
    labels: [],
  },
  broken: {
    name: 'berth_runs_broken',
    type: 'gauge',
    help: 'Runs whose records cannot be read',
    labels: [],
  },
  names: {
    name: 'berth_names',
    type: 'gauge',
    help: 'Domains and resources in use or left dirty, by state',
    labels: ['state'],
  },
  reportsPending: {
    name: 'berth_reports_pending',
    type: 'gauge',
    help: 'Runs and comments of which GitHub is still to be told something',
    labels: [],
  },
  reportsFailed: {
    name: 'berth_reports_failed',
    type: 'gauge',
    help: 'Stored reports that were given up',
    labels: [],
  },
  alarms: {
    name: 'berth_alarms',
    type: 'gauge',
    help: 'Stored alarms that wait for their receiver, or were given up',
    labels: ['state'],
  },
  alarmEvents: {
    name: 'berth_alarms_total',
    type: 'counter',
    help: 'What became of attempts at sending alarms, by kind',
    labels: ['kind', 'outcome'],
  },
  deliveries: {
    name: 'berth_deliveries_total',
    type: 'counter',
    help: 'Webhook calls, by what became of them',
    labels: ['outcome'],
  },
  decisions: {
    name: 'berth_decisions_total',
    type: 'counter',
    help: 'Decided deliveries, by outcome or reason of refusal',
    labels: ['outcome'],
  },
  missed: {
    name: 'berth_healed_total',
    type: 'counter',
    help: 'What a look has found: webhooks that never came, and checks that lagged behind',
    labels: ['what'],
  },
  accepted: {
    name: 'berth_runs_accepted_total',
    type: 'counter',
    help: 'Runs that were put into the queue',
    labels: [],
  },
  started: {
    name: 'berth_runs_started_total',
    type: 'counter',
    help: 'Attempts at starting a run',
    labels: [],
  },
  requeued: {
    name: 'berth_runs_requeued_total',
    type: 'counter',
    help: 'Runs that went back into the queue: nothing of them had begun',
    labels: [],
  },
  takeOvers: {
    name: 'berth_take_overs_total',
    type: 'counter',
    help: 'Runs whose end was taken over from the process that had it, by how',
    labels: ['how'],
  },
  concluded: {
    name: 'berth_runs_concluded_total',
    type: 'counter',
    help: 'Ended runs, by conclusion and reason',
    labels: ['conclusion', 'reason'],
  },
  stages: {
    name: 'berth_stages_total',
    type: 'counter',
    help: 'Ended stages of concluded runs, by outcome',
    labels: ['outcome'],
  },
  teardowns: {
    name: 'berth_teardowns_total',
    type: 'counter',
    help: 'First teardowns of concluded runs, by what they could prove',
    labels: ['proof'],
  },
  reportRetries: {
    name: 'berth_report_retries_total',
    type: 'counter',
    help: 'Attempts at telling GitHub that are to be repeated',
    labels: ['kind'],
  },
  reportsGivenUp: {
    name: 'berth_reports_given_up_total',
    type: 'counter',
    help: 'Reports given up since the service started',
    labels: ['kind'],
  },
  faults: {
    name: 'berth_faults_total',
    type: 'counter',
    help: 'Faults in background work, by event',
    labels: ['event'],
  },
  queueSeconds: {
    name: 'berth_run_queue_seconds',
    type: 'histogram',
    help: 'From a run being asked for to its start',
    labels: [],
  },
  phaseSeconds: {
    name: 'berth_run_phase_seconds',
    type: 'histogram',
    help: 'Time in a state, of runs seen to enter and leave it',
    labels: ['state'],
  },
  runSeconds: {
    name: 'berth_run_seconds',
    type: 'histogram',
    help: 'From a run being started to its conclusion',
    labels: ['conclusion'],
  },
  stopSeconds: {
    name: 'berth_run_stop_seconds',
    type: 'histogram',
    help: 'From a stop being asked for to the conclusion',
    labels: [],
  },
  stageSeconds: {
    name: 'berth_stage_seconds',
    type: 'histogram',
    help: 'Duration of ended stages, by outcome',
    labels: ['outcome'],
  },
  teardownSeconds: {
    name: 'berth_teardown_seconds',
    type: 'histogram',
    help: 'Duration of first teardowns',
    labels: [],
  },
  reportSeconds: {
    name: 'berth_report_seconds',
    type: 'histogram',
    help: 'From a report being stored to GitHub having it',
    labels: ['kind'],
  },
} as const satisfies Readonly<Record<string, MetricRow>>
