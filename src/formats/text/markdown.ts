// PURE: parses the part of Markdown that READMEs use, as data without tags: the page that shows it writes every tag.
// It drops HTML, shows an image as its text, and keeps links to the web alone. It is not CommonMark: unknown syntax
// is shown as it was written. Each construct within a line has a bounded length, so that the time of parsing grows
// about linearly with the text.

export type Inline =
  | { readonly kind: 'text' | 'code'; readonly text: string }
  | { readonly kind: 'strong' | 'emphasis'; readonly content: readonly Inline[] }
  | { readonly kind: 'link'; readonly href: string; readonly content: readonly Inline[] }

export interface ListItem {
  /** The level of the list; 0 for the outermost one. */
  readonly depth: number
  /** The item's number without its point, such as `1`; empty for an item with a bullet. */
  readonly number: string
  readonly content: readonly Inline[]
}

export type Block =
  | { readonly kind: 'heading'; readonly level: number; readonly content: readonly Inline[] }
  | { readonly kind: 'paragraph' | 'quote'; readonly content: readonly Inline[] }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly ListItem[] }
  /** The first row has the headings. */
  | { readonly kind: 'table'; readonly rows: readonly (readonly (readonly Inline[])[])[] }
  | { readonly kind: 'rule' }

const FENCE = /^ {0,3}(`{3,}|~{3,})/
const HEADING = /^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$/
const RULE = /^ {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$/
const ITEM = /^([ \t]*)(?:[-*+]|(\d{1,9})[.)])[ \t]+(.*)$/
const QUOTE = /^ {0,3}>[ \t]?/
const UNDERLINE = /^ {0,3}(=+|-+)[ \t]*$/
const DELIMITER = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/
const DEFINITION = /^ {0,3}\[([^\]]{1,100})\]:[ \t]*(\S{1,1000})/

export function parseMarkdown(text: string): readonly Block[] {
  const lines = text
    .replace(/^\ufeff/, '')
    .replace(/<!--[\s\S]*?(?:-->|$)/g, '')
    .split(/\r\n?|\n/)
  return new BlockReader(lines).read()
}

class BlockReader {
  readonly #lines: readonly string[]
  readonly #inline: InlineReader
  readonly #blocks: Block[] = []
  #at = 0

  constructor(lines: readonly string[]) {
    this.#lines = lines
    this.#inline = new InlineReader(lines)
  }

  read(): readonly Block[] {
    while (this.#at < this.#lines.length) {
      const block = this.#next(this.#lines[this.#at] ?? '')
      if (block !== undefined) this.#blocks.push(block)
    }
    return this.#blocks
  }

  #next(line: string): Block | undefined {
    const [, fence] = FENCE.exec(line) ?? []
    if (fence !== undefined) return this.#readFence(fence)
    const [heading, signs = '', title = ''] = HEADING.exec(line) ?? []
    if (heading !== undefined) return this.#take(1, headingOf(signs.length, this.#inline, title))
    if (line.trim() === '' || DEFINITION.test(line)) return this.#take(1, undefined)
    if (RULE.test(line)) return this.#take(1, { kind: 'rule' })
    if (ITEM.test(line)) return { kind: 'list', items: this.#readItems() }
    if (/^(?: {4}|\t)/.test(line)) return this.#readIndented()
    if (QUOTE.test(line)) return this.#readQuote()
    if (line.includes('|') && DELIMITER.test(this.#lines[this.#at + 1] ?? '')) {
      return this.#readTable()
    }
    return this.#readParagraph()
  }

  #take(lines: number, block: Block | undefined): Block | undefined {
    this.#at += lines
    return block
  }

  #readFence(fence: string): Block {
    const end = new RegExp(`^ {0,3}${fence[0]}{${fence.length},}[ \\t]*$`)
    const text = this.#while((line) => !end.test(line), 1)
    this.#at += 1
    return { kind: 'code', text: text.join('\n') }
  }

  #readIndented(): Block {
    const text = this.#while((line) => /^(?: {4}|\t|\s*$)/.test(line))
    return {
      kind: 'code',
      text: text
        .map((line) => line.replace(/^(?: {4}|\t)/, ''))
        .join('\n')
        .trimEnd(),
    }
  }

  #readQuote(): Block {
    const text = this.#while((line) => QUOTE.test(line)).map((line) => line.replace(QUOTE, ''))
    return { kind: 'quote', content: this.#inline.read(text.join('\n')) }
  }

  #readTable(): Block {
    const [head = '', , ...rows] = this.#while((line) => line.includes('|'))
    const cells = (line: string) =>
      line
        .trim()
        .replace(/^\||\|$/g, '')
        .split('|')
        .map((cell) => this.#inline.read(cell.trim()))
    return { kind: 'table', rows: [head, ...rows].map(cells) }
  }

  #readItems(): ListItem[] {
    const items: ListItem[] = []
    for (let line = this.#lines[this.#at]; line !== undefined; line = this.#lines[this.#at]) {
      const [item, indent = '', number = '', first = ''] = ITEM.exec(line) ?? []
      if (item === undefined || RULE.test(line)) break
      this.#at += 1
      // Indented lines below an item are part of it, unless they begin a block of another kind.
      const rest = this.#while(
        (next) => /^\s+\S/.test(next) && !ITEM.test(next) && !FENCE.test(next),
      )
      const text = [first, ...rest].map((each) => each.trim()).join('\n')
      const depth = Math.min(Math.floor(indent.replaceAll('\t', '    ').length / 2), 3)
      items.push({ depth, number, content: this.#inline.read(text) })
      if (/^\s*$/.test(this.#lines[this.#at] ?? '') && ITEM.test(this.#lines[this.#at + 1] ?? '')) {
        this.#at += 1
      }
    }
    return items
  }

  #readParagraph(): Block {
    const begin = this.#at
    this.#at += 1
    const more = this.#while(
      (line) => line.trim() !== '' && !beginsBlock(line) && !UNDERLINE.test(line),
    )
    const text = [this.#lines[begin] ?? '', ...more].join('\n')
    const [, underline] = UNDERLINE.exec(this.#lines[this.#at] ?? '') ?? []
    if (underline === undefined) return { kind: 'paragraph', content: this.#inline.read(text) }
    this.#at += 1
    return headingOf(underline.startsWith('=') ? 1 : 2, this.#inline, text)
  }

  /** Takes lines until one does not pass the test. Skips `offset` lines first. */
  #while(isSo: (line: string) => boolean, offset = 0): string[] {
    const begin = this.#at + offset
    this.#at = begin
    while (this.#at < this.#lines.length && isSo(this.#lines[this.#at] ?? '')) this.#at += 1
    return this.#lines.slice(begin, this.#at)
  }
}

function headingOf(level: number, inline: InlineReader, text: string): Block {
  return { kind: 'heading', level, content: inline.read(text) }
}

function beginsBlock(line: string): boolean {
  return [FENCE, HEADING, RULE, ITEM, QUOTE].some((pattern) => pattern.test(line))
}

const IMAGE = String.raw`!\[([^\]\n]{0,300})\](?:\([^()\n]{0,1000}\)|\[[^\]\n]{0,100}\])`

/** The constructs within a line, in the order in which the reader tries them. */
const TOKEN = new RegExp(
  [
    String.raw`\\([!-/:-@[-\x60{-~])`,
    '``([^\\n]{1,500}?)``(?!`)',
    '`([^`]{1,500})`(?!`)',
    IMAGE,
    String.raw`\[((?:${IMAGE.replace('(', '(?:')}|[^\[\]]){1,500})\](?:\(<?([^()\s<>]{1,1000}(?:\([^()\s]{0,100}\))?)>?(?:\s[^()\n]{0,200})?\)|\[([^\]\n]{0,100})\])?`,
    String.raw`\*\*(?=\S)([^*]{1,500})\*\*`,
    String.raw`(?<![\w_])__(?=\S)([^_]{1,500})__(?![\w_])`,
    String.raw`\*(?=\S)([^*]{1,500})\*`,
    String.raw`(?<![\w_])_(?=\S)([^_]{1,500})_(?![\w_])`,
    String.raw`<(https?://[^\s<>]{1,1000})>`,
    String.raw`(?<![\w/])(https?://[^\s<>()\[\]"'\x60|*]{1,1000}[^\s<>()\[\]"'\x60|*.,:;!?])`,
    '</?[A-Za-z][^<>]{0,1000}>',
  ].join('|'),
  'g',
)

const MAX_DEPTH = 4

class InlineReader {
  readonly #definitions = new Map<string, string>()

  constructor(lines: readonly string[]) {
    for (const line of lines) {
      const [, name, href] = DEFINITION.exec(line) ?? []
      if (name !== undefined && href !== undefined) this.#definitions.set(name.toLowerCase(), href)
    }
  }

  read(text: string, depth = 0): readonly Inline[] {
    if (depth > MAX_DEPTH) return textOf(text)
    const found: Inline[] = []
    let at = 0
    for (const match of text.matchAll(TOKEN)) {
      found.push(...textOf(text.slice(at, match.index)), ...this.#inlineOf(match, depth + 1))
      at = match.index + match[0].length
    }
    return [...found, ...textOf(text.slice(at))]
  }

  #inlineOf(match: RegExpExecArray, depth: number): readonly Inline[] {
    const [whole, escaped, code2, code, image, label, target, reference, ...rest] = match
    const [strong, strong2, emphasis, emphasis2, address, bare] = rest
    if (escaped !== undefined) return textOf(escaped)
    if (code2 !== undefined || code !== undefined) {
      return [{ kind: 'code', text: (code2 ?? code ?? '').trim() }]
    }
    if (image !== undefined) return textOf(image)
    if (label !== undefined) {
      const named = reference === undefined && target === undefined ? label : reference || label
      const href = target ?? this.#definitions.get(named.toLowerCase())
      if (href === undefined && target === undefined && reference === undefined) {
        return [...textOf('['), ...this.read(label, depth), ...textOf(']')]
      }
      return linkTo(href, this.read(label, depth))
    }
    if (strong !== undefined || strong2 !== undefined) {
      return [{ kind: 'strong', content: this.read(strong ?? strong2 ?? '', depth) }]
    }
    if (emphasis !== undefined || emphasis2 !== undefined) {
      return [{ kind: 'emphasis', content: this.read(emphasis ?? emphasis2 ?? '', depth) }]
    }
    const url = address ?? bare
    // The last alternative of the pattern is HTML, of which only a line break is kept.
    return url === undefined ? textOf(/^<br\b/i.test(whole) ? '\n' : '') : linkTo(url, textOf(url))
  }
}

/** Makes a link to the web or to mail. Other links point into the package's sources, so only their text stays. */
function linkTo(href: string | undefined, content: readonly Inline[]): readonly Inline[] {
  if (href === undefined || !/^(?:https?:\/\/|mailto:)/i.test(href) || !URL.canParse(href))
    return content
  if (content.length === 0) return []
  // HTML allows no link inside another one.
  return [{ kind: 'link', href, content: content.flatMap(withoutLinks) }]
}

function withoutLinks(inline: Inline): readonly Inline[] {
  if (inline.kind === 'link') return inline.content.flatMap(withoutLinks)
  return 'content' in inline
    ? [{ ...inline, content: inline.content.flatMap(withoutLinks) }]
    : [inline]
}

function textOf(text: string): readonly Inline[] {
  return text === ''
    ? []
    : [{ kind: 'text', text: text.replace(ENTITY, (_, name) => ENTITIES[name] ?? '') }]
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  nbsp: ' ',
}
const ENTITY = /&(amp|lt|gt|quot|nbsp);/g
