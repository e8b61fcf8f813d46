import type { operations } from '@octokit/openapi-types'
import { z } from 'zod'
import { isWebUrl } from '../../webUrl.ts'
import type { CheckChange } from '../checks.ts'
import { CHECK_CONCLUSIONS, CHECK_STATUSES } from '../records.ts'
import { listOf, text } from './body.ts'
import { invalidRequest, validationFailed } from './errors.ts'

const MOST_CHARACTERS = 65_535
const MOST_BYTES = 65_535
const MOST_ANNOTATIONS = 50
const MOST_ACTIONS = 3
/** 64 KB each, by the documentation. */
const ANNOTATION_BYTES = 65_536

const longText = z.string().refine((value) => Buffer.byteLength(value) <= ANNOTATION_BYTES, {
  error: `exceeds a maximum bytesize of ${ANNOTATION_BYTES}`,
})

/** "The path of the file …, relative to the repository"; columns "only … on the same line". */
const annotation = z
  .strictObject({
    path: z.string().refine(isBelowRoot, { error: 'path must be relative' }),
    start_line: z.int().min(1),
    end_line: z.int().min(1),
    start_column: z.int().min(1).optional(),
    end_column: z.int().min(1).optional(),
    annotation_level: z.enum(['notice', 'warning', 'failure']),
    message: longText.min(1, { error: 'message may not be blank.' }),
    title: text(255).optional(),
    raw_details: longText.optional(),
  })
  .refine(({ start_line, end_line }) => start_line <= end_line, { error: 'end_line is before start_line' })
  .refine(
    ({ start_line, end_line, start_column, end_column }) =>
      start_line === end_line || (start_column ?? end_column) === undefined,
    { error: 'columns belong to one line' },
  )

const action = z.strictObject({ label: text(20), description: text(40), identifier: text(20) })

const image = z.strictObject({ alt: z.string(), image_url: z.string(), caption: z.string().optional() })

const output = z.strictObject({
  title: z.string(),
  summary: text(MOST_CHARACTERS),
  text: text(MOST_CHARACTERS).optional(),
  annotations: listOf(annotation, MOST_ANNOTATIONS).optional(),
  images: z.array(image).optional(),
})

type CreateBody = operations['checks/create']['requestBody']['content']['application/json']

const fields = {
  name: z.string().min(1, { error: 'name may not be blank.' }),
  head_sha: z.string(),
  details_url: z.string().refine(isWebUrl, { error: 'details_url must use http or https scheme' }).optional(),
  external_id: z.string().optional(),
  status: z.enum(CHECK_STATUSES).optional(),
  started_at: z.iso.datetime({ offset: true }).optional(),
  conclusion: z.enum(CHECK_CONCLUSIONS).optional(),
  completed_at: z.iso.datetime({ offset: true }).optional(),
  output: output.optional(),
  actions: listOf(action, MOST_ACTIONS).optional(),
} satisfies { readonly [Key in keyof Required<CreateBody>]: z.ZodType }

/** https://docs.github.com/rest/checks/runs#create-a-check-run */
export const CREATE_CHECK_RUN = z.strictObject(fields)

/** The commit of a check run never changes: `head_sha` is no key here. */
export const UPDATE_CHECK_RUN = CREATE_CHECK_RUN.omit({ head_sha: true }).extend({
  name: fields.name.optional(),
  output: output.extend({ title: z.string().optional() }).optional(),
})

type Body = z.infer<typeof UPDATE_CHECK_RUN>

/** What the body asks for, once the rules between its fields hold. Throws GitHub's 422. */
export function checkChangeOf(body: Body): CheckChange {
  if (body.conclusion === undefined && (body.status === 'completed' || body.completed_at !== undefined))
    throw invalidRequest(['"conclusion" wasn\'t supplied.'])
  refuseTooManyBytes(body)
  const { title, summary, text, annotations } = body.output ?? {}
  return {
    name: body.name,
    externalId: body.external_id,
    detailsUrl: body.details_url,
    status: body.status,
    conclusion: body.conclusion,
    startedAtMs: timeOf(body.started_at),
    completedAtMs: timeOf(body.completed_at),
    output: {
      ...(title === undefined ? {} : { title }),
      ...(summary === undefined ? {} : { summary }),
      ...(text === undefined ? {} : { text }),
    },
    annotations,
    actions: body.actions,
  }
}

function isBelowRoot(path: string): boolean {
  return path.split('/').every((part) => !['', '.', '..'].includes(part))
}

/** The documentation speaks of characters; GitHub counts bytes as well (github/docs issue 35252). */
function refuseTooManyBytes({ output }: Body): void {
  for (const field of ['summary', 'text'] as const) {
    if (Buffer.byteLength(output?.[field] ?? '') > MOST_BYTES) {
      const message = `${field} exceeds a maximum bytesize of ${MOST_BYTES}`
      throw validationFailed([{ resource: 'CheckRun', code: 'custom', field, message }])
    }
  }
}

function timeOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text)
}
