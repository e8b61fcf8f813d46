import { describe, expect, test } from 'vitest'
import { SCENARIOS, TICKET_WEAKENINGS, WEAKENINGS } from './cases.ts'
import { ALL, RULES, type Rule, without } from './rules.ts'
import { check } from './scenarios.ts'
import { ALL_OF_TICKETS, checkTickets, TICKET_RULES } from './tickets.ts'

const SAFE = { fault: '', story: [] }

describe('the model of the locks', () => {
  test.each(Object.entries(SCENARIOS))(
    'R-LCK-05 R-LCK-06 R-LCK-15 R-LCK-16 R-LCK-17 R-JAN-05 is safe, and nothing gets stuck: %s',
    (_, scenario) => {
      const { states, ...verdict } = check(scenario, ALL)
      expect(verdict).toEqual(SAFE)
      expect(states).toBeGreaterThan(10_000)
    },
  )

  test.each(Object.keys(RULES) as Rule[])(
    'R-LCK-05 R-LCK-06 R-LCK-16 is found unsafe without the rule %s',
    (rule) => {
      const { scenario, fault } = WEAKENINGS[rule]
      const found = check(SCENARIOS[scenario], without(rule))
      expect(found.fault).toMatch(fault)
      expect(found.story.length).toBeGreaterThan(0)
    },
  )
})

describe('the model of the tickets', () => {
  test('R-LCK-06 R-LCK-13 every live waiter keeps its place, and none passes one that it could see', () => {
    expect(checkTickets(2, ALL_OF_TICKETS)).toMatchObject(SAFE)
  })

  test.each(Object.keys(TICKET_RULES) as (keyof typeof TICKET_RULES)[])(
    'R-LCK-13 is found unsafe without the rule %s',
    (rule) => {
      expect(checkTickets(2, { ...ALL_OF_TICKETS, [rule]: false }).fault).toMatch(TICKET_WEAKENINGS[rule])
    },
  )
})
