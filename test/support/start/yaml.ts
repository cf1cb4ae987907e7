// Reads the YAML that the documents show: block maps and lists, flow maps and lists, literal text (|),
// comments, plain and single-quoted words, which all stay text. Anything else is refused.

export type Yaml = string | Yaml[] | { [key: string]: Yaml }

interface Line {
  indent: number
  text: string
}

export function parseYaml(text: string): Yaml {
  const lines = text.split('\n').map((raw) => {
    const content = raw.trimStart()
    return { indent: raw.length - content.length, text: content }
  })
  const value = parseNode(lines)
  skipEmpty(lines)
  if (lines.length > 0) throw new Error(`not read as YAML: ${lines[0]?.text}`)
  return value
}

function parseNode(lines: Line[]): Yaml {
  skipEmpty(lines)
  const [first] = lines
  if (!first) throw new Error('a value is missing in the YAML')
  return first.text.startsWith('- ')
    ? parseList(lines, first.indent)
    : parseMap(lines, first.indent)
}

function parseList(lines: Line[], indent: number): Yaml[] {
  const items: Yaml[] = []
  for (let line = next(lines, indent); line?.text.startsWith('- '); line = next(lines, indent)) {
    // What follows the dash begins a node of its own, two columns on.
    line.text = line.text.slice(2).trimStart()
    line.indent += 2
    items.push(parseItem(lines, line))
  }
  return items
}

function parseItem(lines: Line[], line: Line): Yaml {
  if (/^[\w.-]+:( |$)/.test(line.text)) return parseMap(lines, line.indent)
  const text = take(lines)
  return text === '|' ? takeLiteral(lines, line.indent - 2) : parseWord(text)
}

function parseMap(lines: Line[], indent: number): Record<string, Yaml> {
  const map: Record<string, Yaml> = {}
  for (let line = next(lines, indent); line; line = next(lines, indent)) {
    const [, key, rest = ''] = /^([\w.-]+):(?: +(.*))?$/.exec(line.text) ?? []
    if (key === undefined || key in map) throw new Error(`not read as YAML: ${line.text}`)
    lines.shift()
    const value = withoutComment(rest)
    if (value === '|') map[key] = takeLiteral(lines, indent)
    else map[key] = value === '' ? parseNode(lines) : parseWord(value)
  }
  return map
}

function takeLiteral(lines: Line[], parent: number): string {
  const taken: string[] = []
  const own = lines[0]?.indent ?? 0
  while (lines[0] && (lines[0].text === '' || lines[0].indent > parent)) {
    const { indent, text } = lines.shift() as Line
    taken.push(' '.repeat(Math.max(indent - own, 0)) + text)
  }
  return `${taken.join('\n').trimEnd()}\n`
}

function parseWord(text: string): Yaml {
  if (/^\[.*\]$/.test(text)) return splitFlow(text).map(parseWord)
  if (/^\{.*\}$/.test(text))
    return Object.fromEntries(
      splitFlow(text).map((pair) => {
        const [, key = '', value = ''] = /^([\w.-]+): (.*)$/.exec(pair) ?? []
        if (key === '') throw new Error(`not read as YAML: ${pair}`)
        return [key, parseWord(value)]
      }),
    )
  const [, quoted] = /^'([^']*)'$/.exec(text) ?? []
  if (quoted === undefined && (/^[[\]{}'"&*!|>%@`#,]/.test(text) || /: | #/.test(text)))
    throw new Error(`not read as YAML: ${text}`)
  return quoted ?? text
}

/** At the commas that are in no bracket. */
function splitFlow(text: string): string[] {
  const parts = ['']
  let depth = 0
  for (const character of text.slice(1, -1)) {
    if ('[{'.includes(character)) depth++
    if (']}'.includes(character)) depth--
    if (character === ',' && depth === 0) parts.push('')
    else parts[parts.length - 1] += character
  }
  return parts.map((part) => part.trim())
}

function withoutComment(text: string): string {
  return text.replace(/(^| +)#.*$/, '').trimEnd()
}

/** The next line of content if it stands at that column; deeper ones belong to nobody. */
function next(lines: Line[], indent: number): Line | undefined {
  skipEmpty(lines)
  const [line] = lines
  if (line && line.indent > indent) throw new Error(`not read as YAML: ${line.text}`)
  return line?.indent === indent ? line : undefined
}

function take(lines: Line[]): string {
  return withoutComment(lines.shift()?.text ?? '')
}

function skipEmpty(lines: Line[]): void {
  while (lines[0] && withoutComment(lines[0].text) === '') lines.shift()
}
