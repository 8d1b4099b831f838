export const LANGUAGES = [
  { id: 'en', name: 'English' },
  { id: 'zh-TW', name: '繁體中文' },
] as const
export type LanguageId = (typeof LANGUAGES)[number]['id']

/** The first language of the list that is ours. All of Chinese is ours: the traditional form is what we have. */
export function preferred(languages: readonly string[]): LanguageId {
  const first = languages.find((one) => /^(en|zh)\b/i.test(one))
  return first !== undefined && /^zh\b/i.test(first) ? 'zh-TW' : 'en'
}
