import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { ask } from '../data/api-client.ts'
import { ProblemNotice } from './problem-notice.tsx'

type DownloadProps = { path: string; name: string; label: string; accept?: string }

/** Saves what a path answers, byte for byte. By fetch and not by a link, which could not carry the token. */
export function DownloadButton({ path, name, label, accept = 'application/json' }: DownloadProps) {
  const { t } = useTranslation()
  const download = useMutation({ mutationFn: async () => saveFile(await (await ask(path, { accept })).blob(), name) })
  return (
    <>
      <Button size="compact-sm" variant="default" loading={download.isPending} onClick={() => download.mutate()}>
        {label}
      </Button>
      <span role="status" className="hidden-visually">
        {download.isSuccess ? t('common.saved', { name }) : ''}
      </span>
      {download.isError ? <ProblemNotice error={download.error} /> : null}
    </>
  )
}

function saveFile(content: Blob, name: string): void {
  const url = URL.createObjectURL(content)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
