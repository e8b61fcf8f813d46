/** What a stage of a stack was about, as it noted at its end; `upgrade` = a deploy over a release that stood. */
export const AIMS = ['deploy', 'upgrade', 'ready', 'command', 'backup', 'restore'] as const
export type Aim = (typeof AIMS)[number]
