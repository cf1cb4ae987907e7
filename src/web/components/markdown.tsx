// Shows a README. Every tag is written here; what its author wrote is text in them.
import type { Block, Inline } from '../../formats/text/markdown.ts'

/** Headings of the page itself stand above those of the text. */
const HEADINGS = ['h3', 'h4', 'h5', 'h6'] as const

export function Markdown({ blocks }: { readonly blocks: readonly Block[] }) {
  return (
    <div class="prose">
      {blocks.map((block) => (
        <Shown block={block} />
      ))}
    </div>
  )
}

function Shown({ block }: { readonly block: Block }) {
  switch (block.kind) {
    case 'heading': {
      const Tag = HEADINGS[Math.min(block.level, HEADINGS.length) - 1] ?? 'h6'
      return (
        <Tag>
          <Line content={block.content} />
        </Tag>
      )
    }
    case 'paragraph':
      return (
        <p>
          <Line content={block.content} />
        </p>
      )
    case 'quote':
      return (
        <blockquote>
          <Line content={block.content} />
        </blockquote>
      )
    case 'code':
      return (
        <pre tabindex={0}>
          <code>{block.text}</code>
        </pre>
      )
    case 'list':
      return (
        <ul>
          {block.items.map(({ depth, number, content }) => (
            <li class={depth === 0 ? undefined : `depth-${depth}`}>
              {number !== '' && `${number}. `}
              <Line content={content} />
            </li>
          ))}
        </ul>
      )
    case 'table':
      return <Rows rows={block.rows} />
    case 'rule':
      return <hr />
  }
}

function Rows({ rows: [head = [], ...rows] }: Pick<Extract<Block, { kind: 'table' }>, 'rows'>) {
  return (
    <div class="scroll" tabindex={0}>
      <table>
        <thead>
          <tr>
            {head.map((cell) => (
              <th>
                <Line content={cell} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr>
              {row.map((cell) => (
                <td>
                  <Line content={cell} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Line({ content }: { readonly content: readonly Inline[] }) {
  return (
    <>
      {content.map((inline) => (
        <Piece inline={inline} />
      ))}
    </>
  )
}

function Piece({ inline }: { readonly inline: Inline }) {
  if (!('content' in inline)) {
    return inline.kind === 'code' ? <code>{inline.text}</code> : inline.text
  }
  const content = <Line content={inline.content} />
  if (inline.kind === 'link') {
    return (
      <a href={inline.href} rel="nofollow noopener noreferrer">
        {content}
      </a>
    )
  }
  return inline.kind === 'strong' ? <strong>{content}</strong> : <em>{content}</em>
}
