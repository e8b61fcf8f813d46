/** Hides secrets in what is to be written down. */
export interface Mask {
  /** One output, from its start on, whatever pieces it comes in. */
  readonly stream: () => MaskStream
  /** A text of its own. */
  readonly text: (text: string) => string
}

export interface MaskStream {
  /** What may be written by now: all but an end that may be the beginning of a secret. */
  readonly write: (chunk: Buffer) => Buffer
  /** What was kept back: the output pauses here, or is over. */
  readonly flush: () => Buffer
}

/** Hides nothing: there is no secret. */
export const NO_MASK: Mask = {
  stream: () => ({ write: (chunk) => chunk, flush: () => Buffer.alloc(0) }),
  text: (text) => text,
}

/** Hides what either of them hides. */
export function bothMasks(one: Mask, other: Mask): Mask {
  if (one === NO_MASK || other === NO_MASK) return one === NO_MASK ? other : one
  return {
    text: (text) => other.text(one.text(text)),
    stream() {
      const [first, second] = [one.stream(), other.stream()]
      return {
        write: (chunk) => second.write(first.write(chunk)),
        flush: () => Buffer.concat([second.write(first.flush()), second.flush()]),
      }
    },
  }
}
