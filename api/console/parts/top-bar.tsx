import { useMantineColorScheme } from '@mantine/core'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useLocation } from 'wouter'
import { setLanguage } from '../i18n/language.ts'
import { LANGUAGES } from '../i18n/preferred.ts'
import classes from './top-bar.module.css'
import { WhoAmI } from './who-am-i.tsx'

const LINKS = [
  { to: '/', name: 'rounds', isIn: (path: string) => path === '/' || path.startsWith('/rounds/') },
  { to: '/live', name: 'live', isIn: (path: string) => path.startsWith('/live') },
  { to: '/compare', name: 'compare', isIn: (path: string) => path === '/compare' },
  { to: '/history', name: 'history', isIn: (path: string) => path === '/history' },
  { to: '/reviews', name: 'reviews', isIn: (path: string) => path === '/reviews' },
  { to: '/search', name: 'search', isIn: (path: string) => path === '/search' },
  { to: '/ledger', name: 'ledger', isIn: (path: string) => path === '/ledger' },
] as const

export function TopBar() {
  const { t } = useTranslation()
  const [path] = useLocation()
  const [isOpen, setOpen] = useState(false)
  const menuId = useId()
  return (
    <header className={`${classes.bar} no-print`}>
      <a className={classes.skip} href="#main">
        {t('nav.skip')}
      </a>
      <div className={classes.inner} data-open={isOpen}>
        <Link href="/" className={classes.brand ?? ''}>
          <img src="/assets/evidence-icon.svg" width="24" height="24" alt="" />
          evidence-ledger
        </Link>
        <button type="button" className={classes.menu} aria-expanded={isOpen} aria-controls={menuId} onClick={() => setOpen(!isOpen)}>
          {t('nav.menu')}
        </button>
        <nav aria-label={t('nav.main')} className={classes.links} id={menuId}>
          {LINKS.map(({ to, name, isIn }) => (
            <Link key={to} href={to} onClick={() => setOpen(false)} {...(isIn(path) ? { 'aria-current': 'page' } : {})}>
              {t(`nav.${name}`)}
            </Link>
          ))}
        </nav>
        <div className={classes.tools}>
          <WhoAmI />
          <SchemeSelect />
          <LanguageSelect />
        </div>
      </div>
    </header>
  )
}

function SchemeSelect() {
  const { t } = useTranslation()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <select
      className={classes.select}
      aria-label={t('nav.scheme')}
      value={colorScheme}
      onChange={(event) => setColorScheme(event.currentTarget.value as 'auto' | 'light' | 'dark')}
    >
      <option value="auto">{t('nav.schemeAuto')}</option>
      <option value="light">{t('nav.schemeLight')}</option>
      <option value="dark">{t('nav.schemeDark')}</option>
    </select>
  )
}

function LanguageSelect() {
  const { t, i18n } = useTranslation()
  return (
    <select className={classes.select} aria-label={t('nav.language')} value={i18n.language} onChange={(event) => void setLanguage(event.currentTarget.value)}>
      {LANGUAGES.map(({ id, name }) => (
        <option key={id} value={id} lang={id}>
          {name}
        </option>
      ))}
    </select>
  )
}
