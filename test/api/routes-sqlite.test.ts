import { describe } from 'vitest'
import { routesSuite } from './routes-suite.ts'

describe('every route over the local file', () => routesSuite(async () => ({})))
