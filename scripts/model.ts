import { SCENARIOS, TICKET_WEAKENINGS, WEAKENINGS } from '../test-concurrency/model/cases.ts'
import type { Exploration } from '../test-concurrency/model/explore.ts'
import { ALL, RULES, type Rule, without } from '../test-concurrency/model/rules.ts'
import { check } from '../test-concurrency/model/scenarios.ts'
import { ALL_OF_TICKETS, checkTickets, TICKET_RULES } from '../test-concurrency/model/tickets.ts'

/** `npm run model`: what the model of the locks explores, and what goes wrong without each rule, step by step. */
function main(): void {
  console.log('With all rules, to the last state:\n')
  for (const [name, scenario] of Object.entries(SCENARIOS)) say(name, check(scenario, ALL))
  say('two waiters with tickets and two sweepers, two deaths', checkTickets(2, ALL_OF_TICKETS))
  console.log('\nWithout one rule:\n')
  for (const rule of keysOf(WEAKENINGS)) {
    console.log(`${rule}: ${RULES[rule]}`)
    say(`  ${WEAKENINGS[rule].scenario}`, check(SCENARIOS[WEAKENINGS[rule].scenario], without(rule)))
  }
  for (const rule of keysOf(TICKET_WEAKENINGS)) {
    console.log(`${rule}: ${TICKET_RULES[rule]}`)
    say('  two waiters with tickets', checkTickets(2, { ...ALL_OF_TICKETS, [rule]: false }))
  }
}

function say(what: string, { states, fault, story }: Exploration): void {
  console.log(`${what}: ${states} states, ${fault === '' ? 'safe' : `UNSAFE: ${fault}`}`)
  for (const line of story) console.log(`      ${line}`)
}

function keysOf<K extends Rule | keyof typeof TICKET_RULES>(
  table: Readonly<Record<K, unknown>>,
): readonly K[] {
  return Object.keys(table) as K[]
}

main()
