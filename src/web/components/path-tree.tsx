// Paths of a package as the tree that they are, folded out. A page of a long list shows the folders that its paths
// are in, be those on the page before.
import type { ContentEntry } from '../../formats/content-list.ts'
import { Bytes } from './pieces.tsx'

interface Node {
  readonly name: string
  /** Undefined for a folder that the list does not name, or names elsewhere. */
  entry: ContentEntry | undefined
  readonly children: Map<string, Node>
}

/** What lies deeper keeps its slashes in its name: browsers stop at some hundred levels. */
const MAX_DEPTH = 16

export function PathTree({ entries }: { readonly entries: readonly ContentEntry[] }) {
  const root: Node = { name: '', entry: undefined, children: new Map() }
  for (const entry of entries) addEntry(root, entry)
  return <Children of={root} />
}

function addEntry(root: Node, entry: ContentEntry): void {
  const parts = entry.path.split('/')
  const names = [...parts.slice(0, MAX_DEPTH - 1), ...rest(parts)]
  let at = root
  for (const name of names) {
    const child = at.children.get(name) ?? { name, entry: undefined, children: new Map() }
    at.children.set(name, child)
    at = child
  }
  at.entry = entry
}

function rest(parts: readonly string[]): readonly string[] {
  return parts.length < MAX_DEPTH ? [] : [parts.slice(MAX_DEPTH - 1).join('/')]
}

function Children({ of }: { readonly of: Node }) {
  return (
    <ul class="tree">
      {[...of.children.values()].map((node) =>
        isFolder(node) ? <Folder node={node} /> : <Leaf node={node} />,
      )}
    </ul>
  )
}

function isFolder({ entry, children }: Node): boolean {
  return children.size > 0 || entry?.type === 'directory'
}

/** Folders that hold nothing but one folder stand on one line. */
function Folder({ node }: { readonly node: Node }) {
  let [last, label] = [node, `${node.name}/`]
  for (let only = onlyFolder(last); only !== undefined; only = onlyFolder(last)) {
    last = only
    label += `${only.name}/`
  }
  if (last.children.size === 0) return <li>{label}</li>
  return (
    <li>
      <details open>
        <summary>{label}</summary>
        <Children of={last} />
      </details>
    </li>
  )
}

function onlyFolder({ children }: Node): Node | undefined {
  const [only, ...others] = children.values()
  return only !== undefined && others.length === 0 && isFolder(only) ? only : undefined
}

function Leaf({ node: { name, entry } }: { readonly node: Node }) {
  return (
    <li class="ends">
      <span>
        {name}
        {entry?.type === 'symlink' && ` → ${entry.target}`}
        {entry?.type === 'hardlink' && ` = /${entry.target}`}
      </span>
      <span class="muted">
        {entry?.size !== undefined && <Bytes size={entry.size} />} {entry?.mode}
      </span>
    </li>
  )
}
