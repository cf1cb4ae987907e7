// Lines to copy: selectable as they are, with a button where there is JavaScript.

interface CodeBlockProps {
  readonly text: string
  /** What it is, for the button's name: `the signing key`. */
  readonly label: string
}

export function CodeBlock({ text, label }: CodeBlockProps) {
  return (
    <div class="code" data-copy={label}>
      <pre>
        <code>{text}</code>
      </pre>
    </div>
  )
}
