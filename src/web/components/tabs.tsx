// Panels of which one is shown, chosen by radio buttons that look like tabs: they work without JavaScript, and by the
// arrow keys with it and without.
import type { Child } from 'hono/jsx'

export interface Tab {
  readonly title: string
  readonly content: Child
}

interface TabsProps {
  /** Of the radio buttons, once a page. */
  readonly name: string
  /** What is chosen, for readers who do not see the tabs. */
  readonly label: string
  readonly tabs: readonly Tab[]
}

export function Tabs({ name, label, tabs }: TabsProps) {
  const [only, ...others] = tabs
  if (only === undefined) return null
  if (others.length === 0) return <>{only.content}</>
  return (
    <fieldset class="tabs">
      <legend class="unseen">{label}</legend>
      {tabs.map(({ title, content }, at) => (
        <>
          <input class="unseen" type="radio" name={name} id={`${name}-${at}`} checked={at === 0} />
          <label for={`${name}-${at}`}>{title}</label>
          <div class="tab">{content}</div>
        </>
      ))}
    </fieldset>
  )
}
