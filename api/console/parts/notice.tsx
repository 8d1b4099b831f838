import type { ReactNode } from 'react'
import type { Paint } from '../trust/tone.ts'
import classes from './notice.module.css'
import { ToneIcon } from './tone-icon.tsx'

/** Something to know before reading on. `role` `alert` interrupts a screen reader; `status` waits. */
export function Notice({ paint, title, children, role }: { paint: Paint; title: ReactNode; children?: ReactNode; role?: 'alert' | 'status' }) {
  return (
    <div className={classes.notice} data-paint={paint} {...(role === undefined ? {} : { role })}>
      <ToneIcon paint={paint} size={18} />
      <div className={classes.body}>
        <div className={classes.title}>{title}</div>
        {children}
      </div>
    </div>
  )
}
