// What a flood asks for: each kind that needs no credentials, and something else every time where that is possible, so
// that nothing that is kept helps.

type PathOf = (at: number) => string
export const NOTHING = 'nothing'
const LIST = '/api/v1/packages/large'

export const FLOODS: Readonly<Record<string, PathOf>> = {
  // Asks the database for nothing: what it costs others is what the machine costs.
  [NOTHING]: () => '/api/none',
  'a static file': () => '/robots.txt',
  'a list of one': () => `${LIST}?limit=1`,
  'pages of a list': (at) => `${LIST}?limit=${100 - (at % 7)}&page=${1 + (at % 100)}`,
  'a search': (at) => `${LIST}?q=${['lib', 'py', 'e', 'mod', 'zz'][at % 5]}${at % 10}`,
  'a search of words': (at) => `/large?q=d+de+des+l+li+${at}`,
  "npm's search": (at) => `/api/packages/large/npm/-/v1/search?text=a${at % 100}`,
  "an owner's page": (at) => `/large?sort=${at % 2 ? 'newest' : 'name'}&page=${1 + (at % 330)}`,
  'an absent package': (at) => `/large/-/packages/alpine/none-${at}`,
  'an absent document': (at) => `/api/packages/large/npm/none-${at}`,
  'junk credentials': (at) => `/api/v1/packages/none-${at}`,
  health: () => '/api/healthz',
}
