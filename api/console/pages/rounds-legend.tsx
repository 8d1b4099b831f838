import { useTranslation } from 'react-i18next'
import { OverallMark } from '../parts/round-marks.tsx'
import { FreshnessProvider } from '../trust/trust-context.ts'
import classes from './rounds-strip.module.css'

const RESULTS = [
  'FULL_STACK_GREEN',
  'FULL_STACK_GREEN_DR_ESCROW_BLOCKED',
  'PRODUCT_DATA_PENDING_EOD_WINDOW',
  'SERVICE_AVAILABLE_DEGRADED',
  'BLOCKED',
  'unknown',
]

/** What shapes and edges mean. Behind a disclosure: a green sample on a page without a green round could be misread. */
export function Legend() {
  const { t } = useTranslation()
  return (
    <details className="small">
      <summary>{t('strip.legend')}</summary>
      <FreshnessProvider value={true}>
        <ul className={classes.legend}>
          {RESULTS.map((overall) => (
            <li key={overall}>
              <OverallMark overall={overall} integrity="verified" />
            </li>
          ))}
          <li>
            <OverallMark overall="FULL_STACK_GREEN" integrity="legacy_unverified" />
          </li>
          <li>
            <OverallMark overall="BLOCKED" integrity="mismatch" />
          </li>
        </ul>
      </FreshnessProvider>
      <p className="muted">{t('strip.legendNote')}</p>
    </details>
  )
}
