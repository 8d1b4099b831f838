/** The words that were looked for, with a little of what stands around them in the event's text. */
export function Found({ whole, text }: { whole: string; text: string }) {
  const at = whole.indexOf(text)
  if (at < 0) return null
  return (
    <p className="word muted" lang="en">
      {at > AROUND ? '…' : ''}
      {whole.slice(Math.max(0, at - AROUND), at)}
      <mark>{text}</mark>
      {whole.slice(at + text.length, at + text.length + AROUND)}
      {at + text.length + AROUND < whole.length ? '…' : ''}
    </p>
  )
}

const AROUND = 60
