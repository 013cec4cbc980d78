import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { type Language, preferences } from '../preferences'

const WORDS: Record<Language, () => Promise<{ default: object }>> = {
  en: () => import('./en'),
  zh: () => import('./zh'),
}

/** Loads the words of the chosen language; the others are fetched when somebody chooses them. */
export async function startWords() {
  const { language } = preferences()
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    resources: { [language]: { translation: (await WORDS[language]()).default } },
    interpolation: { escapeValue: false },
    returnNull: false,
  })
  onPage(language)
}

export async function speak(language: Language) {
  if (!i18next.hasResourceBundle(language, 'translation')) {
    i18next.addResourceBundle(language, 'translation', (await WORDS[language]()).default)
  }
  await i18next.changeLanguage(language)
  onPage(language)
}

function onPage(language: Language) {
  document.documentElement.lang = language
}
