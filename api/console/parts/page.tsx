import { type ReactNode, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import classes from './page.module.css'

export type Crumb = { to: string; label: string }

let isFirstPage = true

/**
 * The frame of every page. Going to a page moves the focus to its heading, so that keyboards and screen readers begin there; the
 * first page of a visit leaves it where the browser puts it.
 */
export function Page({
  title,
  heading,
  lead,
  trail = [],
  children,
}: {
  title: string
  heading?: ReactNode
  lead?: ReactNode
  trail?: readonly Crumb[]
  children: ReactNode
}) {
  const { t } = useTranslation()
  const headingRef = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · evidence-ledger`
  }, [title])
  useEffect(() => {
    if (isFirstPage) isFirstPage = false
    else headingRef.current?.focus()
  }, [])
  return (
    <div className={classes.page}>
      <header className={classes.head}>
        {trail.length === 0 ? null : (
          <nav aria-label={t('nav.trail')}>
            <ol className={classes.trail}>
              {trail.map(({ to, label }) => (
                <li key={to}>
                  <Link href={to}>{label}</Link>
                </li>
              ))}
            </ol>
          </nav>
        )}
        <h1 ref={headingRef} tabIndex={-1}>
          {heading ?? title}
        </h1>
        {lead === undefined ? null : <p className={classes.lead}>{lead}</p>}
      </header>
      {children}
    </div>
  )
}
