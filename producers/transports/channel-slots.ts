/** At most `count` holders at once, first come, first served. */
export type Slots = {
  /** Waits for a free slot and gives the function that returns it; rejects with the signal's reason when it aborts. */
  acquire: (signal: AbortSignal) => Promise<() => void>
}

export function createSlots(count: number): Slots {
  let free = count
  const queue: (() => void)[] = []
  const release = (): void => {
    const next = queue.shift()
    if (next === undefined) free++
    else next()
  }
  const once = (): (() => void) => {
    let held = true
    return () => {
      if (held) release()
      held = false
    }
  }
  const acquire = async (signal: AbortSignal): Promise<() => void> => {
    signal.throwIfAborted()
    if (free > 0) {
      free--
      return once()
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const onAbort = (): void => {
      const place = queue.indexOf(resolve)
      if (place >= 0) queue.splice(place, 1)
      reject(signal.reason)
    }
    queue.push(resolve)
    signal.addEventListener('abort', onAbort, { once: true })
    // A slot given in the same tick as the abort is taken: the caller sees the abort at its next step and returns it.
    await promise.finally(() => signal.removeEventListener('abort', onAbort))
    return once()
  }
  return { acquire }
}
