/** A patch that breaks one rule of the design, and the test that turns red by it. */
export interface Mutant {
  /** Short and unique: what `--only` takes. */
  readonly rule: string
  /** The rule, in one sentence, and what is done to it. */
  readonly law: string
  /** More than one where another rule covers this one: only without both does anything go wrong. */
  readonly edits: readonly Edit[]
  readonly test: NamedTest
}

interface Edit {
  readonly file: string
  /** Stands in the file just once; else the table is stale. */
  readonly find: string
  readonly replace: string
}

export interface NamedTest {
  readonly file: string
  /** A part of the test's name, groups included. */
  readonly name: string
}

/** A mutant of one line. */
export function mutant(
  rule: string,
  law: string,
  [file, find, replace]: readonly [file: string, find: string, replace: string],
  [testFile, name]: readonly [file: string, name: string],
): Mutant {
  return { rule, law, edits: [{ file, find, replace }], test: { file: testFile, name } }
}

/** A rule that another one covers: one line of each. */
export function pair(
  rule: string,
  law: string,
  edits: readonly (readonly [file: string, find: string, replace: string])[],
  [testFile, name]: readonly [file: string, name: string],
): Mutant {
  return {
    rule,
    law,
    edits: edits.map(([file, find, replace]) => ({ file, find, replace })),
    test: { file: testFile, name },
  }
}
