import '@testing-library/jest-dom/vitest'
import { cleanup, configure } from '@testing-library/react'
import { afterEach } from 'vitest'

afterEach(cleanup)

// A machine with much to do takes its time: what is waited for comes, or the bound says that it does not.
configure({ asyncUtilTimeout: 10_000 })
