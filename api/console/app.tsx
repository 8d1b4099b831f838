import { createTheme, MantineProvider } from '@mantine/core'
import { QueryClientProvider } from '@tanstack/react-query'
import { lazy, Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import { Route, Switch, useLocation } from 'wouter'
import { buildQueryClient } from './data/query-client.ts'
import { useSession } from './data/session.ts'
import { ComparePage } from './pages/compare-page.tsx'
import { DeclarationsPage } from './pages/declarations-page.tsx'
import { EventPage } from './pages/event-page.tsx'
import { EventsPage } from './pages/events-page.tsx'
import { LedgerPage } from './pages/ledger-page.tsx'
import { LivePage } from './pages/live-page.tsx'
import { NotFoundPage } from './pages/not-found-page.tsx'
import { PacketsPage } from './pages/packets-page.tsx'
import { PoliciesPage } from './pages/policies-page.tsx'
import { PrintPage } from './pages/print-page.tsx'
import { RecoveryPage } from './pages/recovery-page.tsx'
import { ReviewsPage } from './pages/reviews-page.tsx'
import { RoundPage } from './pages/round-page.tsx'
import { RoundsPage } from './pages/rounds-page.tsx'
import { SearchPage } from './pages/search-page.tsx'
import { SignInPage } from './pages/sign-in-page.tsx'
import { PageBoundary } from './parts/page-boundary.tsx'
import { TopBar } from './parts/top-bar.tsx'

const theme = createTheme({ respectReducedMotion: true, cursorType: 'pointer', defaultRadius: 'sm' })
const queryClient = buildQueryClient()

/** Its form and its chart are larger than all other pages together. */
const HistoryPage = lazy(async () => ({ default: (await import('./pages/history-page.tsx')).HistoryPage }))

/** No style element is ever made at run time (`withCssVariables`, `withGlobalClasses`), so that `style-src 'self'` is enough. */
export function App() {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
      <QueryClientProvider client={queryClient}>
        <TopBar />
        <main id="main">
          <Pages />
        </main>
      </QueryClientProvider>
    </MantineProvider>
  )
}

function Pages() {
  const { t } = useTranslation()
  const [path] = useLocation()
  const { refused } = useSession()
  if (refused && path !== '/sign-in') return <SignInPage isAsked />
  return (
    <PageBoundary key={path}>
      <Suspense
        fallback={
          <p role="status" className="hidden-visually">
            {t('common.loading')}
          </p>
        }
      >
        <Switch>
          <Route path="/" component={RoundsPage} />
          <Route path="/rounds/:id" component={RoundPage} />
          <Route path="/rounds/:id/recovery" component={RecoveryPage} />
          <Route path="/rounds/:id/declarations" component={DeclarationsPage} />
          <Route path="/rounds/:id/packets" component={PacketsPage} />
          <Route path="/rounds/:id/packets/print" component={PrintPage} />
          <Route path="/rounds/:id/events" component={EventsPage} />
          <Route path="/rounds/:id/events/:eventId" component={EventPage} />
          <Route path="/rounds/:id/policies" component={PoliciesPage} />
          <Route path="/compare" component={ComparePage} />
          <Route path="/history" component={HistoryPage} />
          <Route path="/live/:id?" component={LivePage} />
          <Route path="/reviews" component={ReviewsPage} />
          <Route path="/search" component={SearchPage} />
          <Route path="/ledger" component={LedgerPage} />
          <Route path="/sign-in">
            <SignInPage />
          </Route>
          <Route component={NotFoundPage} />
        </Switch>
      </Suspense>
    </PageBoundary>
  )
}
