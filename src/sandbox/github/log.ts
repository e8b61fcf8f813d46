/** Where the stand-in says what happens: a pino logger fits. */
export interface StandInLog {
  info(data: object, event: 'webhook.delivered'): void
  warn(data: object, event: 'webhook.failed' | 'api.unknown_call' | 'api.fault' | 'git.broken_off'): void
}
