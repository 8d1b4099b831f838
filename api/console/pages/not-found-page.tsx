import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { Page } from '../parts/page.tsx'

export function NotFoundPage() {
  const { t } = useTranslation()
  return (
    <Page title={t('notFound.title')} lead={t('notFound.text')}>
      <p>
        <Link href="/">{t('notFound.back')}</Link>
      </p>
    </Page>
  )
}
