const HEADER_BYTES = 8
const LENGTH_AT = 4

/**
 * Takes an output of the engine's in whatever pieces it comes, and gives what is in its frames (Docker Engine API, ContainerAttach: a byte for which
 * output it is, three of nothing, the length in four). In a loop: dockerode's own reader calls itself for each frame, and a flood of short ones
 * overflows the stack.
 */
export function framesTo(give: (content: Buffer) => void): (chunk: Buffer) => void {
  let header = Buffer.alloc(0)
  let bodyLeft = 0
  return (chunk) => {
    let rest = chunk
    while (rest.length > 0) {
      if (bodyLeft === 0) {
        const wanted = HEADER_BYTES - header.length
        header = Buffer.concat([header, rest.subarray(0, wanted)])
        rest = rest.subarray(wanted)
        if (header.length < HEADER_BYTES) return
        bodyLeft = header.readUInt32BE(LENGTH_AT)
        header = Buffer.alloc(0)
      }
      const body = rest.subarray(0, bodyLeft)
      rest = rest.subarray(body.length)
      bodyLeft -= body.length
      if (body.length > 0) give(body)
    }
  }
}
