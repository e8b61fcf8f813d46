/** Finds many byte patterns in a stream, whatever it is cut into: an Aho-Corasick automaton, one step a byte. */
export interface Matcher {
  /** The state after one more byte; 0 is the first state. */
  readonly next: (state: number, byte: number) => number
  /** By state: how many of the last bytes begin a pattern, at most. */
  readonly depths: Uint32Array
  /** By state: the length of the longest pattern that ends here; 0 = none does. */
  readonly longest: Uint32Array
}

/** The trie of the patterns: a node's children are a list, since nearly all have one. Node 0 is the root, and nobody's child. */
interface Trie {
  readonly bytes: Uint8Array
  readonly firstChild: Int32Array
  readonly sibling: Int32Array
  readonly depths: Uint32Array
  readonly longest: Uint32Array
  readonly count: number
}

/** @param patterns none is empty */
export function makeMatcher(patterns: readonly Uint8Array[]): Matcher {
  const trie = trieOf(patterns)
  const fallbacks = new Int32Array(trie.count)
  const first = new Int32Array(256)
  for (let child = trie.firstChild[0] ?? 0; child !== 0; child = trie.sibling[child] ?? 0)
    first[trie.bytes[child] ?? 0] = child
  const next = (state: number, byte: number) => {
    for (let at = state; at !== 0; at = fallbacks[at] ?? 0) {
      const child = childOf(trie, at, byte)
      if (child !== 0) return child
    }
    return first[byte] ?? 0
  }
  linkFallbacks(trie, fallbacks, next)
  return { next, depths: trie.depths, longest: trie.longest }
}

function trieOf(patterns: readonly Uint8Array[]): Trie {
  const most = patterns.reduce((sum, { length }) => sum + length, 1)
  const trie = {
    bytes: new Uint8Array(most),
    firstChild: new Int32Array(most),
    sibling: new Int32Array(most),
    depths: new Uint32Array(most),
    longest: new Uint32Array(most),
    count: 1,
  }
  for (const pattern of patterns) {
    let at = 0
    for (const byte of pattern) at = childOf(trie, at, byte) || addChild(trie, at, byte)
    trie.longest[at] = pattern.length
  }
  return trie
}

function childOf({ bytes, firstChild, sibling }: Trie, node: number, byte: number): number {
  for (let child = firstChild[node] ?? 0; child !== 0; child = sibling[child] ?? 0)
    if (bytes[child] === byte) return child
  return 0
}

function addChild(trie: Trie & { count: number }, parent: number, byte: number): number {
  const child = trie.count
  trie.count += 1
  trie.bytes[child] = byte
  trie.depths[child] = (trie.depths[parent] ?? 0) + 1
  trie.sibling[child] = trie.firstChild[parent] ?? 0
  trie.firstChild[parent] = child
  return child
}

/** Breadth first, so that a node's fallback, which is nearer to the root, has its own already. */
function linkFallbacks(trie: Trie, fallbacks: Int32Array, next: Matcher['next']): void {
  const { bytes, firstChild, sibling, longest } = trie
  const line = new Int32Array(trie.count)
  let end = 1
  for (let at = 0; at < end; at += 1) {
    const node = line[at] ?? 0
    for (let child = firstChild[node] ?? 0; child !== 0; child = sibling[child] ?? 0) {
      const fallback = node === 0 ? 0 : next(fallbacks[node] ?? 0, bytes[child] ?? 0)
      fallbacks[child] = fallback
      if (longest[child] === 0) longest[child] = longest[fallback] ?? 0
      line[end] = child
      end += 1
    }
  }
}
