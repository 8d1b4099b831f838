import { Component, type ReactNode } from 'react'
import { Translation } from 'react-i18next'
import { Notice } from './notice.tsx'

/** A page that cannot be drawn says so, in place of an empty one; the rest of the console goes on. */
export class PageBoundary extends Component<{ children: ReactNode }, { hasFailed: boolean }> {
  override state = { hasFailed: false }

  static getDerivedStateFromError(): { hasFailed: boolean } {
    return { hasFailed: true }
  }

  override render(): ReactNode {
    if (!this.state.hasFailed) return this.props.children
    return (
      <Translation>
        {(t) => (
          <Notice paint="bad" title={t('problem.title')} role="alert">
            <p>{t('problem.internal')}</p>
          </Notice>
        )}
      </Translation>
    )
  }
}
