import { CopyButton } from './copy-button.tsx'
import classes from './digest.module.css'

/** A digest or id, whole: shortened ones cannot be compared. `label` names what is copied for screen readers. */
export function Digest({ value }: { value: string }) {
  return (
    <span className={classes.digest}>
      <code className={classes.text}>{value}</code>
      <CopyButton load={() => value} />
    </span>
  )
}
