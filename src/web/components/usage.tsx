// What a type has people copy: how to install and how to publish, a tab for each client.

import { RegistryError } from '../../core/errors.ts'
import type { OwnedCall } from '../../http/endpoint.ts'
import { keysOf } from '../../http/owner-keys.ts'
import { keyFilesOf, packageTypes } from '../../types/registration.ts'
import type { PackageType, Snippet, SnippetGroup, UsagePlace } from '../../types/type.ts'
import { CodeBlock } from './code-block.tsx'
import { Tabs } from './tabs.tsx'

type Subject = Pick<
  UsagePlace,
  'repository' | 'packageName' | 'version' | 'architectures' | 'fileName' | 'file'
>

interface UsageProps {
  readonly call: OwnedCall
  readonly packageType: PackageType
  readonly subject?: Subject
}

export function InstallPanel({ call, packageType, subject }: UsageProps) {
  const groups = groupsOf('install', call, packageType, subject)
  return <Panel title="Install" name="install" groups={groups} />
}

export function PublishPanel({ call, packageType, subject }: UsageProps) {
  const groups = groupsOf('publish', call, packageType, subject)
  return <Panel title="Publish" name="publish" groups={groups} />
}

/** How to begin where nothing is yet: a tab for each type, in which the clients but for the first are folded up. */
export function FirstPublishPanel({ call }: Pick<UsageProps, 'call'>) {
  const tabs = packageTypes.flatMap((packageType: PackageType) => {
    const groups = groupsOf('publish', call, packageType)
    if (groups.length === 0) return []
    const content = groups.map((group, at) => (
      <details name={`publish-${packageType.type}`} open={at === 0}>
        <summary>{group.title}</summary>
        <Snippets group={group} snippets={group.snippets} />
      </details>
    ))
    return [{ title: packageType.view?.title ?? packageType.type, content }]
  })
  return (
    <section class="panel usage">
      <h2>Publish</h2>
      <Tabs name="publish" label="Kind of package" tabs={tabs} />
    </section>
  )
}

/** None for an address that no instructions can be written with safely. */
function groupsOf(
  kind: 'install' | 'publish',
  { env, owner, url }: OwnedCall,
  packageType: PackageType,
  subject: Subject = {},
): readonly SnippetGroup[] {
  const { usage } = packageType
  if (usage === undefined) return []
  const { keys } = keysOf(env, owner)
  const keyFiles = keyFilesOf(packageType, keys)
  const { name, visibility } = owner
  try {
    return usage[kind]({ origin: url.origin, owner: name, visibility, keyFiles, ...subject })
  } catch (error) {
    if (error instanceof RegistryError) return []
    throw error
  }
}

/** Browsers would break the line after the dashes. */
function keepOption(part: string) {
  return part.startsWith('--') ? <code class="unbroken">{part}</code> : part
}

interface PanelProps {
  readonly title: string
  readonly name: string
  readonly groups: readonly SnippetGroup[]
}

/** What takes back what the rest did stands last, and folded up. */
function Panel({ title, name, groups }: PanelProps) {
  if (groups.length === 0) return null
  const tabs = groups.map((group) => {
    const snippets = group.snippets.filter(({ undoes }) => undoes !== true)
    return { title: group.title, content: <Snippets group={group} snippets={snippets} /> }
  })
  const undoing = groups.flatMap((group) => {
    const snippets = group.snippets.filter(({ undoes }) => undoes === true)
    return snippets.length === 0 ? [] : [<Snippets group={group} snippets={snippets} />]
  })
  return (
    <section class="panel usage">
      <h2>{title}</h2>
      <Tabs name={name} label="Client" tabs={tabs} />
      {undoing.length > 0 && (
        <details>
          <summary>Uninstall</summary>
          {undoing}
        </details>
      )}
    </section>
  )
}

interface SnippetsProps {
  readonly group: SnippetGroup
  readonly snippets: readonly Snippet[]
}

function Snippets({ group, snippets }: SnippetsProps) {
  return (
    <>
      {snippets.map(({ title, note, text }) => (
        <div>
          <h3>{title}</h3>
          {note !== undefined && <p class="muted small">{note.split(/(--\w+)/).map(keepOption)}</p>}
          <CodeBlock text={text} label={`${group.title}: ${title}`} />
        </div>
      ))}
    </>
  )
}
