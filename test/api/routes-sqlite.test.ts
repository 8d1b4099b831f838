import { describe } from 'vitest'
import { answersSuite } from './answers-suite.ts'
import { routesSuite } from './routes-suite.ts'

describe('every route over the local file', () => {
  routesSuite(async () => ({}))
  answersSuite(async () => ({}))
})
