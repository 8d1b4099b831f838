import { createContext, useContext } from 'react'
import { type Trust, trustOf } from './tone.ts'

/** Defaults are the worst: a part that forgets to say where its data is from can never be green. */
const Freshness = createContext(false)
const Integrity = createContext<string | null>(null)

export const FreshnessProvider = Freshness.Provider
export const IntegrityProvider = Integrity.Provider

/** How far the data around this component can be believed. `integrity` overrides that of the page (rows of many rounds). */
export function useTrust(integrity?: string | null): Trust {
  const fromPage = useContext(Integrity)
  const isFresh = useContext(Freshness)
  return trustOf(integrity === undefined ? fromPage : integrity, isFresh)
}

/** Whether the last attempt to load what is around this component succeeded, not long ago. */
export function useIsFresh(): boolean {
  return useContext(Freshness)
}
