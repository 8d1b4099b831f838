import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { en } from './en.ts'
import { type LanguageId, preferred } from './preferred.ts'

const KEY = 'evidence-language'

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation'
    resources: { translation: typeof en }
  }
}

/** Starts in the language chosen here before, else the browser's first one that we speak, else English. */
export async function startLanguage(): Promise<void> {
  await i18next.use(initReactI18next).init({ lng: 'en', fallbackLng: 'en', resources: { en: { translation: en } }, interpolation: { escapeValue: false } })
  await setLanguage(chosen() ?? preferred(navigator.languages))
}

/** Changes the language of the page and remembers it; anything but ours is English. */
export async function setLanguage(wanted: string): Promise<void> {
  const id: LanguageId = wanted === 'zh-TW' ? 'zh-TW' : 'en'
  if (id === 'zh-TW' && !i18next.hasResourceBundle(id, 'translation')) {
    const { zhTw } = await import('./zh-tw.ts')
    i18next.addResourceBundle(id, 'translation', zhTw)
  }
  await i18next.changeLanguage(id)
  document.documentElement.lang = id
  try {
    localStorage.setItem(KEY, id)
  } catch {
    // storage is off: the choice lasts as long as the page
  }
}

function chosen(): string | null {
  try {
    return localStorage.getItem(KEY)
  } catch {
    return null
  }
}
