/** One stable, printable ASCII line of at most 300 characters; names from outside may hold anything else. */
export function reason(text: string): string {
  const ascii = text.replace(/[^\x20-\x7e]/gu, '?')
  return ascii.length <= 300 ? ascii : `${ascii.slice(0, 297)}...`
}

/** Clocks of two machines may differ by this much before a time from the future is called one. */
export const FUTURE_SKEW_S = 300

/**
 * Why a time is not acceptable at `at`: never observed though a limit is declared, in the future, or too old.
 * A time from the future is refused without a limit too, because it would stay fresh for ever.
 */
export function ageProblems(label: string, time: string | null, maxAgeS: number | undefined, at: Date): string[] {
  if (time === null) return maxAgeS === undefined ? [] : [reason(`not observed: ${label} time`)]
  const ageS = (at.getTime() - Date.parse(time)) / 1000
  // Written so that an unreadable time, whose age is NaN, is a problem and not a pass.
  if (!(ageS >= -FUTURE_SKEW_S)) return [reason(`${label} modified in the future`)]
  if (maxAgeS !== undefined && !(ageS <= maxAgeS)) return [reason(`${label} is ${Math.ceil(ageS)} s old > ${maxAgeS} s`)]
  return []
}
