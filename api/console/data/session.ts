import { useSyncExternalStore } from 'react'

/**
 * The bearer token of this tab: in `sessionStorage` only, gone with the tab; never in a URL, a cookie or a log. `refused` says that the
 * server wants a token, or refused the one that is there.
 */
export type Session = { readonly token: string | null; readonly refused: boolean }

const KEY = 'evidence-token'
const listeners = new Set<() => void>()
let session: Session = { token: readToken(), refused: false }

function readToken(): string | null {
  try {
    return sessionStorage.getItem(KEY)
  } catch {
    return null // storage is off: the token lives as long as the page
  }
}

function publish(next: Session): void {
  if (next.token === session.token && next.refused === session.refused) return
  session = next
  for (const listener of listeners) listener()
}

export function currentToken(): string | null {
  return session.token
}

export function signIn(token: string): void {
  try {
    sessionStorage.setItem(KEY, token)
  } catch {
    // see readToken
  }
  publish({ token, refused: false })
}

export function signOut(): void {
  try {
    sessionStorage.removeItem(KEY)
  } catch {
    // see readToken
  }
  publish({ token: null, refused: false })
}

/** The server answered 401 to a request that carried this token (or none). An answer to an older token changes nothing. */
export function markRefused(token: string | null): void {
  if (token === session.token) publish({ token: session.token, refused: true })
}

export function useSession(): Session {
  return useSyncExternalStore(subscribe, () => session)
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
