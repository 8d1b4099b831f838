import classes from '../pages/check-evidence.module.css'

/** JSON indented for reading; text that is none as it is. Never a frame of its own that scrolls: keyboards read on. */
export function RawJson({ text }: { text: string }) {
  return (
    <pre className={classes.raw} lang="en">
      {indented(text)}
    </pre>
  )
}

function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}
