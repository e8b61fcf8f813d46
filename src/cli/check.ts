/** One thing that the doctor looked at; `bad` is what a run cannot do without. */
export interface Check {
  readonly what: string
  readonly state: 'good' | 'note' | 'bad'
  readonly text: string
}
