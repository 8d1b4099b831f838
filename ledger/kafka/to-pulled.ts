/**
 * Turns a reader that pushes (`push` calls `give` for each item and resolves at the end) into one that is pulled. The
 * pusher waits until an item was taken; when the puller stops early, its next `give` rejects and ends it.
 */
export async function* toPulled<T>(push: (give: (item: T) => Promise<void>) => Promise<void>): AsyncIterable<T> {
  let isAbandoned = false
  let offer = Promise.withResolvers<{ item: T; taken: () => void } | null>()
  const pushing = push(async (item) => {
    if (isAbandoned) throw new Error('nobody reads any more')
    const { promise, resolve } = Promise.withResolvers<void>()
    offer.resolve({ item, taken: resolve })
    await promise
    if (isAbandoned) throw new Error('nobody reads any more')
  })
  pushing.then(
    () => offer.resolve(null),
    (error: unknown) => offer.reject(error),
  )
  let taken = (): void => undefined
  try {
    for (;;) {
      const offered = await offer.promise
      if (offered === null) return
      offer = Promise.withResolvers()
      taken = offered.taken
      yield offered.item
      taken()
    }
  } finally {
    isAbandoned = true
    // A rejection after the end has nobody to tell.
    offer.promise.catch(() => undefined)
    taken()
    await pushing.catch(() => undefined)
  }
}
