interface AttributeRow {
  readonly on: 'resource' | 'run' | 'task' | 'teardown' | 'report'
  readonly means: string
}

/**
 * All attributes of our spans: OpenTelemetry's own where its conventions for CI/CD have one (a test holds them against its package), ours begin with
 * `berth.`. Nothing that a person or a command has said: no arguments, no titles, no output.
 */
export const ATTRIBUTES = {
  'service.name': { on: 'resource', means: '`berth`, unless `OTEL_SERVICE_NAME` says otherwise' },
  'service.version': { on: 'resource', means: 'of berth' },
  'service.instance.id': { on: 'resource', means: '`instance` of berth.yml' },
  'cicd.pipeline.name': { on: 'resource', means: 'the recipe' },
  'cicd.pipeline.run.id': { on: 'resource', means: 'the run' },
  'cicd.pipeline.run.url.full': { on: 'resource', means: 'its page' },
  'cicd.worker.id': { on: 'resource', means: '`instance` of berth.yml' },
  'vcs.provider.name': { on: 'resource', means: '`github`' },
  'vcs.owner.name': { on: 'resource', means: 'owner of the repository' },
  'vcs.repository.name': { on: 'resource', means: 'its name' },
  'vcs.repository.url.full': { on: 'resource', means: 'its address' },
  'vcs.change.id': { on: 'resource', means: 'number of the pull request' },
  'vcs.ref.head.revision': { on: 'resource', means: 'the commit' },
  'berth.domain': { on: 'resource', means: 'the domain it deploys at' },
  'cicd.pipeline.action.name': { on: 'run', means: '`RUN`' },
  'cicd.pipeline.result': {
    on: 'run',
    means:
      '`success`, `failure`, `timeout`, `cancellation`, or `error` = by the harness, not by what was tested',
  },
  'berth.end.reason': { on: 'run', means: 'berth’s word for how it ended, as on `/reasons`' },
  'berth.stop.reason': { on: 'run', means: 'why it was told to stop; absent = it was not' },
  'cicd.pipeline.task.name': { on: 'task', means: 'the stage; `checkout`, `teardown`' },
  'cicd.pipeline.task.run.id': { on: 'task', means: 'the run, and the part of it' },
  'cicd.pipeline.task.run.result': { on: 'task', means: 'as of the run' },
  'cicd.pipeline.task.run.url.full': { on: 'task', means: 'its log, or the run’s page' },
  'process.exit.code': { on: 'task', means: 'of the stage’s command; absent = it has none' },
  'error.type': {
    on: 'task',
    means:
      'where the result is `failure`, `error` or `timeout`: that word; on the run its `berth.end.reason`',
  },
  'berth.teardown.verified': { on: 'teardown', means: 'the kernel has shown that nothing is left' },
  'berth.teardown.ended': { on: 'teardown', means: 'how many processes it has ended' },
  'berth.teardown.proofs': { on: 'teardown', means: 'what shows that nothing is left' },
  'berth.teardown.left': { on: 'teardown', means: 'how many things are left' },
  'berth.report.attempts': { on: 'report', means: 'how often GitHub was told until it had it' },
} as const satisfies Readonly<Record<string, AttributeRow>>

export type Attributes = {
  readonly [A in keyof typeof ATTRIBUTES]?: string | number | boolean | readonly string[]
}
