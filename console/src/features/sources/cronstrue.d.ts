/** Adds its words to `cronstrue`; the package describes the types of its main module alone. */
declare module 'cronstrue/locales/zh_CN'
