import { createRoot } from 'react-dom/client'
import { App } from './App'
import { startWords } from './i18n'
import { apply } from './preferences'

apply()
await startWords()
const root = document.getElementById('root')
if (root) createRoot(root).render(<App />)
// Chinese may stand in any payload; its slices are declared after the first drawing.
void import('~/styles/cjk.css')
