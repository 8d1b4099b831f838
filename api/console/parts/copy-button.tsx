import { Button } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

type State = 'idle' | 'copied' | 'refused'

/** Copies a text (or what `load` gives) and says whether it worked; browsers offer the clipboard on https and the loopback only. */
export function CopyButton({ load, label }: { load: () => string | Promise<string>; label?: string }) {
  const { t } = useTranslation()
  const [state, setState] = useState<State>('idle')
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(await load())
      setState('copied')
    } catch {
      setState('refused')
    }
    setTimeout(() => setState('idle'), 2500)
  }
  const name = label ?? t('common.copy')
  return (
    <>
      <Button size="compact-xs" variant="default" onClick={() => void copy()}>
        {state === 'idle' ? name : t(`common.${state}`)}
      </Button>
      <span role="status" className="hidden-visually">
        {state === 'idle' ? '' : t(`common.${state}`)}
      </span>
    </>
  )
}
