export const SUBCOMMANDS = [
  'ok',
  'revoke',
  'cancel',
  'retry',
  'status',
  'why',
  'hold',
  'release',
  'help',
] as const
export type Subcommand = (typeof SUBCOMMANDS)[number]

/** What a recipe may not be named: it would mean something else after `!testme`. */
export const RESERVED_WORDS: readonly string[] = [...SUBCOMMANDS, 'all']
