// What a type has people copy: how to install and how to publish, in groups that open and close.

import { RegistryError } from '../../core/errors.ts'
import type { OwnedCall } from '../../http/endpoint.ts'
import { keysOf } from '../../http/owner-keys.ts'
import { keyFilesOf } from '../../types/registration.ts'
import type { PackageType, SnippetGroup, UsagePlace } from '../../types/type.ts'
import { CodeBlock } from './code-block.tsx'

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
  return <Snippets title="Install" groups={groups} firstOpen />
}

export function PublishPanel({ call, packageType, subject }: UsageProps) {
  return <Snippets title="Publish" groups={groupsOf('publish', call, packageType, subject)} />
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

interface SnippetsProps {
  readonly title: string
  readonly groups: readonly SnippetGroup[]
  readonly firstOpen?: boolean
}

function Snippets({ title, groups, firstOpen = false }: SnippetsProps) {
  if (groups.length === 0) return null
  return (
    <section class="panel usage">
      <h2>{title}</h2>
      {groups.map((group, at) => (
        <details name={title} open={firstOpen && at === 0}>
          <summary>{group.title}</summary>
          {group.snippets.map((snippet) => (
            <div>
              <h3>{snippet.title}</h3>
              {snippet.note !== undefined && (
                <p class="muted small">{snippet.note.split(/(--\w+)/).map(keepOption)}</p>
              )}
              <CodeBlock text={snippet.text} label={`${group.title}: ${snippet.title}`} />
            </div>
          ))}
        </details>
      ))}
    </section>
  )
}
