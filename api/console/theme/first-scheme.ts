/**
 * Sets the colours before anything is drawn: those chosen here before, else the system's. Mantine keeps the choice under this key and takes over at the first
 * rendering; an inline script, which is the usual way, would need a hole in the content security policy.
 */
export function setFirstScheme(): void {
  const chosen = readChosen()
  const isDark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.dataset.mantineColorScheme = isDark ? 'dark' : 'light'
}

function readChosen(): string | null {
  try {
    return localStorage.getItem('mantine-color-scheme-value')
  } catch {
    return null // storage is off
  }
}
