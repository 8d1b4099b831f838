import { type ReactNode, useId } from 'react'
import classes from './section.module.css'

/** A titled part of a page; a region for those who jump from part to part. */
export function Section({ title, note, aside, children }: { title: ReactNode; note?: ReactNode; aside?: ReactNode; children: ReactNode }) {
  const id = useId()
  return (
    <section className={classes.section} aria-labelledby={id}>
      <div className={classes.head}>
        <h2 id={id}>{title}</h2>
        {aside}
      </div>
      {note === undefined ? null : <p className={classes.note}>{note}</p>}
      {children}
    </section>
  )
}
