/** What a stage of a stack was about, as it noted at its end; `upgrade` = a deploy over a release that stood, `screenshot` = one was taken. */
export const AIMS = ['deploy', 'upgrade', 'ready', 'command', 'backup', 'restore', 'screenshot'] as const
export type Aim = (typeof AIMS)[number]
