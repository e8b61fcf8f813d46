import { describe, expect, test } from 'vitest'
import { linesOf, readRecipe } from './recipes.ts'

/** The faults and remarks of a recipe with one compose file. */
function told(compose: string, sample = '') {
  const { faults, remarks } = readRecipe({ '.env.sample': `TYPE=x\n${sample}`, 'compose.yml': compose })
  return { faults: linesOf(faults), remarks: linesOf(remarks) }
}

describe('variables', () => {
  test.each([
    ['a default', 'services: { app: { image: "x:${TAG:-1}", networks: [] } }', ''],
    ['an empty default', 'services: { app: { image: "x:${TAG-}", networks: [] } }', ''],
    ['the sample', 'services: { app: { image: "x:${TAG}", networks: [] } }', 'TAG=\n'],
    ['a commented line of the sample', 'services: { app: { image: "x:$TAG", networks: [] } }', '#TAG=2\n'],
    ['a bare name', 'services: { app: { environment: [NOT_SET], networks: [] } }', ''],
    ['a demanded value', 'services: { app: { image: "x:${TAG:?which}", networks: [] } }', 'TAG=2\n'],
    ['a YAML comment', 'services: { app: { networks: [] } } # ${TAG}', ''],
  ])('R-DKR-06 %s is no fault', (_what, compose, sample) => {
    expect(told(compose, sample)).toEqual({ faults: [], remarks: [] })
  })

  test('R-DKR-06 what nobody sets is told once a file, on its own line of a long text', () => {
    const compose = `services:
  app:
    networks: []
    command: >
      run
      --name \${NAME}
      --again \${NAME}
    environment:
      A: \${NAME} \${OTHER}
    image: "\${MUST:?say which}"
`
    expect(told(compose)).toEqual({
      remarks: [
        'compose.yml:6: services.app.command: ${NAME} is set nowhere; set NAME in .env.sample, or write ${NAME:-default}',
        'compose.yml:9: services.app.environment.A: ${OTHER} is set nowhere; set OTHER in .env.sample, or write ${OTHER:-default}',
      ],
      faults: ['compose.yml:10: services.app.image: MUST has to be set: say which'],
    })
  })

  test('R-DKR-06 a dollar that begins nothing, and a variable inside a default, are told', () => {
    const compose =
      'services:\n  app:\n    networks: []\n    image: "a$"\n    command: ${RULE:-Host(${DOMAIN})}\n'
    expect(told(compose)).toEqual({
      faults: ['compose.yml:4: services.app.image: a $ that begins no variable; write $$ for a dollar'],
      remarks: [
        'compose.yml:5: services.app.command: ${RULE:-Host(${DOMAIN}…: nothing is expanded inside a default; set it in .env.sample',
      ],
    })
  })

  test('R-DKR-06 versions of configs and secrets that nobody sets are v1; other variables are not', () => {
    const compose =
      'services: { app: { networks: [], secrets: [k] } }\nsecrets:\n  k: { external: true, name: "${STACK_NAME}_${WHICH}_${K_VERSION}" }\n'
    const recipe = readRecipe({ '.env.sample': 'TYPE=x\nK_VERSION=\n', 'compose.yml': compose })
    expect(recipe.secrets[0]?.name).toBe('blog-pr7_ci_example_org__v1')
    expect(recipe.faults).toEqual([])
    expect(linesOf(recipe.remarks)).toEqual([
      'compose.yml:3: secrets.k.name: ${WHICH} is set nowhere; set WHICH in .env.sample, or write ${WHICH:-default}',
    ])
  })

  test("R-DKR-06 abra.sh wins over the sample, the operator over both; domain and stack name are nobody else's", () => {
    const sample =
      'TYPE=x:1.0.0+2\nE=sample\nF=sample\nA=sample\nB=sample\nC=sample\nLINK=https://www.x.example.com/\nDOMAIN=bad\nSTACK_NAME=bad\n'
    const files = {
      '.env.sample': sample,
      'abra.sh':
        'export A=abra\nexport C=abra\nexport D=$(id)\nexport DOMAIN=bad\nexport STACK_NAME=bad\nexport E=$(id)\n',
      'compose.yml': '',
    }
    const { environment, type } = readRecipe(files, {
      env: { A: 'operator', B: 'operator', D: 'operator', DOMAIN: 'bad' },
    })
    expect(type).toBe('x')
    expect(environment.has('E')).toBe(false)
    expect(Object.fromEntries(environment)).toMatchObject({
      A: 'operator',
      B: 'operator',
      C: 'abra',
      F: 'sample',
      D: 'operator',
      LINK: 'https://www.blog-pr7.ci.example.org/',
      DOMAIN: 'blog-pr7.ci.example.org',
      STACK_NAME: 'blog-pr7_ci_example_org',
    })
  })

  test.each([
    ['COMPOSE_FILE="$COMPOSE_FILE:compose.yml"', 'a file name between two colons is missing'],
    ['COMPOSE_FILE=compose.yml:/etc/passwd', '/etc/passwd is outside the repository'],
    ['COMPOSE_FILE=compose.yml:a/../../x.yml', 'a/../../x.yml is outside the repository'],
  ])('R-DKR-06 %s is a fault on its line', (line, text) => {
    const [fault, ...others] = told('services: { app: { networks: [] } }', `${line}\n`).faults
    expect(fault).toMatch(`.env.sample:2: COMPOSE_FILE: ${text}`)
    expect(others).toEqual([])
  })

  test('R-DKR-06 a file that is selected twice is laid over the others once', () => {
    const files = {
      '.env.sample': 'TYPE=x\nCOMPOSE_FILE=compose.yml:./b.yml:compose.yml:b.yml\n',
      'compose.yml': '',
      'b.yml': '',
    }
    expect(readRecipe(files)).toMatchObject({ files: ['compose.yml', 'b.yml'], faults: [] })
  })

  test('R-DKR-06 an operator adds a file to those of a sample that names none', () => {
    const files = { '.env.sample': 'TYPE=x\n', 'compose.yml': '', 'b.yml': '' }
    const { files: selected, faults } = readRecipe(files, { env: { COMPOSE_FILE: '$COMPOSE_FILE:b.yml' } })
    expect([selected, faults]).toEqual([['compose.yml', 'b.yml'], []])
  })

  test('R-DKR-06 a hundred files are read, and no more', () => {
    const selected = (count: number) => Array.from({ length: count }, (_, index) => `c${index}.yml`)
    const files = Object.fromEntries(selected(101).map((file) => [file, '']))
    const read = (count: number) =>
      readRecipe({ ...files, '.env.sample': `TYPE=x\nCOMPOSE_FILE=${selected(count).join(':')}\n` })
    expect(read(100)).toMatchObject({ files: selected(100), faults: [] })
    expect(linesOf(read(101).faults)).toEqual([
      '.env.sample:2: COMPOSE_FILE: it names 101 files; at most 100 are read',
    ])
  })
})
