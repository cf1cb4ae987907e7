// The fenced blocks of a page of the documents, each with the mark in the comment before it: `<!-- run: name -->`,
// or `<!-- shown: name: reason -->` where it cannot be run as it stands.

export interface Block {
  /** Of the fence that opens it, from 1. */
  line: number
  language: string
  code: string
  /** Absent where the comment before it is none of the two. */
  mark?: { kind: 'run' | 'shown'; name: string; reason: string }
}

const fence = /^( *)```(\S*)\n([\s\S]*?)^ *```$/gm

export function readBlocks(markdown: string): Block[] {
  return [...markdown.matchAll(fence)].map(({ 2: language = '', 3: code = '', index }) => {
    const before = markdown.slice(0, index).split('\n')
    const mark = parseMark(before.at(-2) ?? '')
    return { line: before.length, language, code, ...(mark && { mark }) }
  })
}

function parseMark(line: string): Block['mark'] {
  const [, ran] = /^<!-- run: ([\w-]+) -->$/.exec(line) ?? []
  if (ran !== undefined) return { kind: 'run', name: ran, reason: '' }
  const [, name, reason = ''] = /^<!-- shown: ([\w-]+): (\S.*) -->$/.exec(line) ?? []
  return name === undefined ? undefined : { kind: 'shown', name, reason }
}

/**
 * What a document calls by name in its text: npm's scripts, and files and folders of the project, but
 * for those that it proposes as `a new` file.
 */
export function readMentions(markdown: string): { scripts: string[]; files: string[] } {
  const text = markdown.replaceAll('\n', ' ')
  const code = [...text.matchAll(/```.*?```|`[^`]*`/g)].join(' ')
  const scripts = [...code.matchAll(/npm (?:run )?(?:--\S+ )*([a-z]+)/g)].map(
    ([, name = '']) => name,
  )
  const files = [
    ...text.matchAll(
      /(?<!a new )`((?:[\w.-]+\/)*[\w.-]+\.tsx?|(?:src|scripts|test|bench|\.ci)\/[\w./-]*\w)\/?`/g,
    ),
  ]
  return { scripts, files: files.map(([, name = '']) => name) }
}

/** Where the links and pictures of a document lead within the project. */
export function readLinks(markdown: string): string[] {
  return [...markdown.matchAll(/\]\(([^()\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^\w+:/.test(link))
}
