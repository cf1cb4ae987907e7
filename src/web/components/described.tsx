// A description of the API, which is Markdown of which only the ticks of code are used.

export function Described({ text }: { readonly text: string }) {
  return <>{text.split('`').map((part, place) => (place % 2 === 1 ? <code>{part}</code> : part))}</>
}
