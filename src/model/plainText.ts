/** Control characters, and the marks that change the direction of text: neither may reach a terminal, a page or a label. */
// oxlint-disable-next-line no-control-regex -- control characters are what this is about
const HARMFUL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g
/** ECMA-48: CSI and OSC sequences, then any other escape with its one character. */
// oxlint-disable-next-line no-control-regex -- escapes are what this is about
const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b\n]*(?:\u0007|\u001b\\)|[@-_])/g

/** The escape character is one of them. */
const HAS_HARMFUL = new RegExp(HARMFUL.source)

/** Text from outside (logs, names, titles) without anything that a terminal or a page would act on; tabs and line ends stay. */
export function plainText(text: string): string {
  if (!HAS_HARMFUL.test(text)) return text
  return text.replaceAll(ESCAPES, '').replaceAll(HARMFUL, '')
}
