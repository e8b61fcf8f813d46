/** Where the stand-in says what happens: a pino logger fits. */
export interface StandInLog {
  info(data: object, event: string): void
  warn(data: object, event: string): void
}
