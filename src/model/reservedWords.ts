export const SUBCOMMANDS = ['ok', 'revoke', 'cancel', 'status', 'help'] as const
export type Subcommand = (typeof SUBCOMMANDS)[number]

/** Words that will be commands: a recipe of that name would change its meaning then. */
const PLANNED = ['retry', 'why', 'hold', 'release'] as const

/** What a recipe may not be named: it would mean something else after `!testme`. */
export const RESERVED_WORDS: readonly string[] = [...SUBCOMMANDS, ...PLANNED, 'all']
