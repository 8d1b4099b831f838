import '@mantine/charts/styles.css'
import { LineChart } from '@mantine/charts'
import { useMediaQuery } from '@mantine/hooks'
import { useTranslation } from 'react-i18next'
import type { Change } from '../data/shapes.ts'
import { utcText } from '../parts/moment.tsx'
import classes from './history-chart.module.css'
import { toChart } from './history-points.ts'

/** A step from change to change. Words stand on a scale of their own, from worst to best where that is known; colour says nothing. */
export function HistoryChart({ changes, name }: { changes: readonly Change[]; name: string }) {
  const { t } = useTranslation()
  const { points, words } = toChart(changes)
  const isNarrow = useMediaQuery('(max-width: 640px)')
  const [letters, width] = isNarrow ? [12, 112] : [34, 280]
  const label = (value: number): string => (words === null ? String(value) : (words[value] ?? ''))
  return (
    <figure className={classes.figure} aria-label={t('history.chart', { name })}>
      <LineChart
        h={260}
        data={[...points]}
        dataKey="at"
        series={[{ name: 'value', label: name, color: 'var(--accent)' }]}
        curveType="stepAfter"
        withDots={points.length < 200}
        strokeWidth={2}
        lineProps={{ isAnimationActive: false }}
        valueFormatter={label}
        xAxisProps={{
          type: 'number',
          scale: 'time',
          domain: ['dataMin', 'dataMax'],
          tickFormatter: (at: number) => new Date(at).toISOString().slice(0, 10),
          minTickGap: 40,
        }}
        yAxisProps={
          words === null
            ? { domain: ['auto', 'auto'], width: 60 }
            : {
                domain: [-0.25, words.length - 0.75],
                ticks: words.map((_, at) => at),
                tickFormatter: (at: number) => shortened(label(at), letters),
                width,
                interval: 0,
              }
        }
        tooltipProps={{ labelFormatter: (at) => (typeof at === 'number' ? utcText(new Date(at).toISOString()) : ''), isAnimationActive: false }}
      />
      <figcaption className="small muted">{t('history.caption')}</figcaption>
    </figure>
  )
}

const shortened = (word: string, letters: number): string => (word.length > letters ? `${word.slice(0, letters - 1)}…` : word)
