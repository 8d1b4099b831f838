import { useTranslation } from 'react-i18next'
import type { DispatchResult } from '../data/shapes.ts'
import classes from './packets-page.module.css'

/** One owner gate: what is known, what must be shown, what nobody may do, what is looked at afterwards. */
export function OwnerGate({ gate }: { gate: DispatchResult['gates'][number] }) {
  const { t } = useTranslation()
  return (
    <article className={classes.gate} aria-label={gate.id}>
      <header className={classes.head}>
        <h3 className="word">{gate.id}</h3>
        <span className="small">
          {gate.priority} · {t('packets.owner')}: <span lang="en">{gate.owner}</span>
        </span>
      </header>
      <div className={classes.columns}>
        <Items title={t('packets.current')} items={gate.current_evidence} isWord />
        <Items title={t('packets.required')} items={gate.required_evidence} />
        <Items title={t('packets.forbidden')} items={gate.forbidden_actions} />
        <Items title={t('packets.after')} items={gate.post_checks} />
      </div>
    </article>
  )
}

export function Items({ title, items, isWord = false }: { title: string; items: readonly string[]; isWord?: boolean }) {
  return (
    <div>
      <h4 className="small muted">{title}</h4>
      <ul lang="en" className={isWord ? 'word' : ''}>
        {items.map((item) => (
          <li key={item}>{item}</li>
        ))}
      </ul>
    </div>
  )
}
