import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Block, type Inline, parseMarkdown } from '../../../../src/formats/text/markdown.ts'

const text = (value: string): Inline => ({ kind: 'text', text: value })
const link = (href: string, value: string): Inline => ({
  kind: 'link',
  href,
  content: [text(value)],
})
const linesOf = (markdown: string) => {
  const [block] = parseMarkdown(markdown)
  return block !== undefined && 'content' in block ? block.content : []
}

describe('blocks', () => {
  it.each<[string, readonly Block[]]>([
    ['# One #\r\n', [{ kind: 'heading', level: 1, content: [text('One')] }]],
    ['Two\n---\n', [{ kind: 'heading', level: 2, content: [text('Two')] }]],
    [
      'a\nb\n\nc',
      [
        { kind: 'paragraph', content: [text('a\nb')] },
        { kind: 'paragraph', content: [text('c')] },
      ],
    ],
    [
      '```sh\n# no heading\n\n<b>\n```\nx',
      [
        { kind: 'code', text: '# no heading\n\n<b>' },
        { kind: 'paragraph', content: [text('x')] },
      ],
    ],
    ['~~~\nnever ends', [{ kind: 'code', text: 'never ends' }]],
    ['    indented\n    more\n', [{ kind: 'code', text: 'indented\nmore' }]],
    [
      '- a\n  goes on\n  - b\n\n2. c',
      [
        {
          kind: 'list',
          items: [
            { depth: 0, number: '', content: [text('a\ngoes on')] },
            { depth: 1, number: '', content: [text('b')] },
            { depth: 0, number: '2', content: [text('c')] },
          ],
        },
      ],
    ],
    ['> q\n> r', [{ kind: 'quote', content: [text('q\nr')] }]],
    [
      '| a | b |\n|---|:-:|\n| 1 | `2` |',
      [
        {
          kind: 'table',
          rows: [
            [[text('a')], [text('b')]],
            [[text('1')], [{ kind: 'code', text: '2' }]],
          ],
        },
      ],
    ],
    ['***', [{ kind: 'rule' }]],
    ['<!-- gone\nall of it -->', []],
    ['', []],
  ])('%j', (markdown, blocks) => {
    expect(parseMarkdown(markdown)).toEqual(blocks)
  })
})

describe('lines', () => {
  it.each<[string, readonly Inline[]]>([
    [
      '**b** *i* `c` ``d`e``',
      [
        { kind: 'strong', content: [text('b')] },
        text(' '),
        { kind: 'emphasis', content: [text('i')] },
        text(' '),
        { kind: 'code', text: 'c' },
        text(' '),
        { kind: 'code', text: 'd`e' },
      ],
    ],
    ['snake_case_name and 2 * 3 * 4', [text('snake_case_name and 2 * 3 * 4')]],
    ['[a](https://b.example/c_(d) "t")', [link('https://b.example/c_(d)', 'a')]],
    ['[a][r]\n\n[r]: https://r.example', [link('https://r.example', 'a')]],
    [
      'see https://x.example/y.',
      [text('see '), link('https://x.example/y', 'https://x.example/y'), text('.')],
    ],
    ['[![ci](https://i.example/b.svg)](https://ci.example)', [link('https://ci.example', 'ci')]],
    ['\\*no\\* &lt;b&gt;', [text('*'), text('no'), text('*'), text(' <b>')]],
  ])('%j', (markdown, content) => {
    expect(linesOf(markdown)).toEqual(content)
  })

  it.each([
    ['[x](javascript:alert(1))', 'x'],
    ['[x](JaVaScRiPt:alert)', 'x'],
    ['[x](data:text/html,1)', 'x'],
    ['[x](docs/usage.md)', 'x'],
    ['[x](//evil.example)', 'x'],
    ['![alt](https://tracker.example/pixel.png)', 'alt'],
    ['<img src=x onerror=alert(1)>x', 'x'],
    ['<script>x</script>', 'x'],
    ['<https://a b>x', undefined],
  ])('%j leads nowhere and loads nothing', (markdown, shown) => {
    const content = JSON.stringify(linesOf(markdown))
    expect(content).not.toMatch(/"link"|onerror|tracker/)
    if (shown !== undefined) expect(linesOf(markdown)).toEqual([text(shown)])
  })
})

it('takes any text, and in every link an address of the web', () => {
  const piece = fc.oneof(
    fc.constantFrom('*', '_', '`', '[', ']', '(', ')', '!', '<', '>', '#', '-', '|', '\n', '    '),
    fc.constantFrom(
      'http://a.b',
      'javascript:',
      ' ',
      '1. ',
      '\\',
      '<a href="',
      '[r]: x',
      '```',
      ': ',
    ),
    fc.string(),
  )
  const check = (inline: Inline): void => {
    if (inline.kind === 'link') expect(inline.href).toMatch(/^(?:https?:\/\/|mailto:)/i)
    if ('content' in inline) for (const each of inline.content) check(each)
  }
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      for (const block of parseMarkdown(pieces.join(''))) {
        if ('content' in block) for (const each of block.content) check(each)
      }
    }),
    { numRuns: 2000 },
  )
})

it('takes time about as a text is long', () => {
  const texts = ['[', '*a ', '`', '<a ', '_a__b', '![[', '\\[', '> ', '- \n', '|-', 'a|b\n-|-\n']
  for (const each of texts) {
    const began = process.cpuUsage()
    parseMarkdown(each.repeat(16 * 1024).slice(0, 16 * 1024))
    const { user, system } = process.cpuUsage(began)
    // Some 20 ms for the worst; a parser that goes back takes seconds.
    expect([each, (user + system) / 1000 < 500]).toEqual([each, true])
  }
})
