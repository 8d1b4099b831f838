/**
 * Gives `frames` on, and calls `onStall` where one that was given has not been taken for `stallMs`. Time in which there is
 * nothing to give does not count.
 */
export async function* withoutStalling(frames: AsyncIterable<string>, onStall: () => void, stallMs: number): AsyncIterable<string> {
  let givenAt: number | null = null
  const timer = setInterval(
    () => {
      if (givenAt !== null && Date.now() - givenAt > stallMs) onStall()
    },
    Math.ceil(stallMs / 6),
  ).unref()
  try {
    for await (const frame of frames) {
      givenAt = Date.now()
      yield frame
      givenAt = null
    }
  } finally {
    clearInterval(timer)
  }
}
