import { HarnessError, messageOf } from '../errors.ts'
import { cutToBytes } from '../model/cutText.ts'
import { type Fields, fieldsOf, textOf } from '../model/read.ts'
import type { Report } from '../model/report.ts'
import type { CheckKey } from './ports.ts'
import { replyKey } from './replies.ts'

/** GitHub takes comments of 65,536 characters; bytes are the safe side, and the marker needs room. */
const MOST_REPLY_BYTES = 65_000

/** A stored check: what identifies it, and its body for an update, in which GitHub allows no `head_sha`; the same bytes each time. */
export function checkOf(report: Report): { readonly key: CheckKey; readonly updateBody: string } {
  return reading(report, (body) => {
    const { head_sha: _, ...update } = body
    const key = {
      sha: textOf(body, 'head_sha'),
      name: textOf(body, 'name'),
      externalId: textOf(body, 'external_id'),
    }
    return { key, updateBody: JSON.stringify(update) }
  })
}

/**
 * A stored reply with the marker that finds it again among the comments; unseen, and the same bytes each time. All forms of the reply to a
 * comment have one marker.
 */
export function replyOf(report: Report): {
  readonly marker: string
  readonly text: string
  readonly body: string
} {
  return reading(report, (body) => {
    const name = report.commentId === null ? report.key : replyKey(report.commentId)
    const marker = `<!-- berth ${encodeURIComponent(name).replaceAll('-', '%2D')} -->`
    const text = `${cutToBytes(textOf(body, 'body'), MOST_REPLY_BYTES)}\n\n${marker}`
    return { marker, text, body: JSON.stringify({ ...body, body: text }) }
  })
}

/** A body that cannot be read is this one report's fault, for ever. */
function reading<T>(report: Report, read: (body: Fields) => T): T {
  try {
    return read(fieldsOf(JSON.parse(report.body), 'body'))
  } catch (error) {
    throw new HarnessError(
      'REPORT_BODY',
      `The body of report ${report.key} cannot be sent: ${messageOf(error)}`,
      {
        cause: error,
      },
    )
  }
}
