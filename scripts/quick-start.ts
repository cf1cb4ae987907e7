// Formats the commands that `npm start` prints, from an empty registry to an installed package, and parses
// them again: tests take the commands out of the text and run them.

export interface QuickStartFacts {
  url: string
  /** The address for the machine on which packages are installed. */
  outerUrl: string
  /** A shell word: the token itself, or a command that reads it. */
  token: string
  /** File name of the owner's public key. */
  keyFile: string
}

export interface Section {
  title: string
  steps: readonly Step[]
}

export interface Step {
  comment: string
  command: string
}

export const exampleOwner = 'acme'
const examplePackage = 'hello-1.0.0-r0.apk'
const registry = `$URL/api/packages/${exampleOwner}/alpine`
const repository = `${registry}/edge/main`

export function quickStart({ url, outerUrl, token, keyFile }: QuickStartFacts): Section[] {
  const trust = `wget -P /etc/apk/keys ${registry}/${keyFile}`
  const add = `echo "${repository}" >> /etc/apk/repositories`
  const install = 'apk add -U hello'
  return [
    {
      title: 'Publish: in another terminal, in this folder',
      steps: [
        {
          comment: 'Where the registry is, and the token that may do everything',
          command: `export URL=${url} TOKEN=${token}`,
        },
        {
          comment: 'An owner whose packages everybody may read',
          command: `curl --fail-with-body -X PUT -H "Authorization: Bearer $TOKEN" $URL/api/v1/owners/${exampleOwner} -d '{"visibility":"public"}'`,
        },
        { comment: `An example package, ${examplePackage}`, command: 'npm run example' },
        {
          comment: 'Publish it: any user name will do',
          command: `curl --fail-with-body -u me:$TOKEN -T ${examplePackage} ${repository}`,
        },
      ],
    },
    {
      title: 'Install: on Alpine Linux, as root',
      steps: [
        { comment: 'Where the registry is', command: `export URL=${outerUrl}` },
        { comment: 'Trust its key', command: trust },
        { comment: 'Add the repository', command: add },
        { comment: 'Install the package', command: install },
        { comment: 'Run it', command: 'hello' },
      ],
    },
    {
      title: 'Or install in a container, in the terminal of the first part',
      steps: [
        {
          comment: 'The same steps in a fresh Alpine',
          command: `docker run --rm --network host -e URL alpine sh -c '${trust} && ${add} && ${install} && hello'`,
        },
      ],
    },
  ]
}

export function formatSections(sections: readonly Section[]): string {
  const lines = sections.flatMap(({ title, steps }) => [
    `== ${title} ==`,
    ...steps.flatMap(({ comment, command }) => [`# ${comment}`, command]),
    '',
  ])
  return lines.join('\n')
}

/** Finds the sections in a text that may have other lines too, such as wrangler's log. */
export function parseSections(text: string): Section[] {
  const sections: { title: string; steps: Step[] }[] = []
  let comment: string | undefined
  for (const line of text.split('\n')) {
    const [, title] = /^== (.*) ==$/.exec(line) ?? []
    if (title !== undefined) sections.push({ title, steps: [] })
    else if (comment !== undefined) sections.at(-1)?.steps.push({ comment, command: line })
    comment = line.startsWith('# ') ? line.slice(2) : undefined
  }
  return sections
}
