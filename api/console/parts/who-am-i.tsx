import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { meQuery } from '../data/queries.ts'
import { signOut, useSession } from '../data/session.ts'
import classes from './top-bar.module.css'

/** Who this tab is to the server, and the way in or out. */
export function WhoAmI() {
  const { t } = useTranslation()
  const { token } = useSession()
  const { data } = useQuery(meQuery())
  const cache = useQueryClient()
  const leave = (): void => {
    signOut()
    cache.clear()
    void cache.invalidateQueries()
  }
  if (token === null)
    return data?.auth === 'off' ? null : (
      <Link href="/sign-in" className={classes.who}>
        {t('nav.signIn')}
      </Link>
    )
  return (
    <span className={classes.who}>
      {data === undefined ? '' : `${data.subject} · `}
      <button type="button" onClick={leave}>
        {t('nav.signOut')}
      </button>
    </span>
  )
}

/** Whether this tab may do what a role allows. While nobody knows, no. The server decides again in any case. */
export function useHasRole(role: string): boolean {
  const { data } = useQuery(meQuery())
  return data?.roles.includes(role) === true
}
