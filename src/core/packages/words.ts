// PURE: the words by which a search finds a package that its name does not give: those of its descriptions and
// keywords, as properties of the package. They are written once and stay while it has a version, whichever version
// brought them, so that a publish which says nothing new writes none.
import type { Property } from './new-file.ts'

/** Its values are the type, a space and a word. */
export const WORD = 'word'

/** Words of a package, and of what is searched; characters of one. */
const MAX_WORDS = 24
const MAX_SEARCHED = 6
const MAX_LENGTH = 32
/** Characters that are looked at. */
const MAX_TEXT = 2000

/** @param texts the most telling first: of many words the first are kept */
export function wordProperties(type: string, texts: readonly string[]): readonly Property[] {
  // A letter alone tells little; what is searched may be the beginning of a word.
  const words = wordsIn(texts.join(' '), 2 * MAX_WORDS).filter((word) => word.length > 1)
  return words.slice(0, MAX_WORDS).map((word) => ({
    name: WORD,
    value: `${type} ${word}`,
  }))
}

/** What is searched for, the longest first: fewest packages have it. */
export function searchedWords(text: string): readonly string[] {
  return [...wordsIn(text, MAX_SEARCHED)].sort((a, b) => b.length - a.length)
}

function wordsIn(text: string, max: number): readonly string[] {
  const lower = text.slice(0, MAX_TEXT).normalize('NFKC').toLowerCase()
  const words = lower.match(/[\p{L}\p{N}\p{M}]+/gu) ?? []
  return [...new Set(words.map((word) => word.slice(0, MAX_LENGTH).toWellFormed()))].slice(0, max)
}
