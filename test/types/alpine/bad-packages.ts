// Packages that are refused: what was done to each, what its refusal says, and what apk 3 does with
// it where someone lists it. The tests of the worker send them, those of the clients ask apk.
import {
  type ApkSpec,
  type BuiltApk,
  buildApkParts,
  gzipMember,
  tarEnd,
  tarEntry,
} from './builder.ts'

export interface BadPackage {
  readonly title: string
  readonly spec: ApkSpec
  /** What is sent instead of the built bytes. */
  readonly change?: (built: BuiltApk) => Uint8Array
  /** The refusal: what, where and what to do. */
  readonly says: RegExp
  /**
   * `chokes`: apk 3 does not index it, or does not install it without a complaint, or leaves the
   * file out. Anything else is why it is refused all the same.
   */
  readonly apk: 'chokes' | { readonly safety: string }
}

const chokes = 'chokes'
const bytes = (text: string) => new TextEncoder().encode(text)
const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts))
const sha1OfX = '11f6ad8ec52a2984abaafd7c3b516503785c2072'
const hashRecord = `68 APK-TOOLS.checksum.SHA1=${sha1OfX}\n`
const hashed = { 'APK-TOOLS.checksum.SHA1': sha1OfX }

const flip = (at: number) => (built: BuiltApk) => {
  const damaged = built.bytes.slice()
  const index = at < 0 ? damaged.length + at : at
  damaged[index] = (damaged[index] ?? 0) ^ 1
  return damaged
}
const cut = (where: (built: BuiltApk) => number) => (built: BuiltApk) =>
  built.bytes.subarray(0, where(built))
const instead = (text: string | Uint8Array) => () => (typeof text === 'string' ? bytes(text) : text)
const holding = (...entries: Uint8Array[]): ApkSpec => ({ rawData: join(...entries, tarEnd) })
const fileAt = (name: string) => holding(tarEntry({ name, content: 'x', pax: hashed }))
const info = (fields: ApkSpec['info']): ApkSpec => ({ ...(fields ? { info: fields } : {}) })
/** Two parts of a package, so that what is between them can be wrong. */
const signature = gzipMember(tarEntry({ name: '.SIGN.RSA256.someone.rsa.pub', content: 'x' }))
const signed = (built: BuiltApk) => join(signature, built.bytes)

const printed = { safety: 'control characters reach terminals: apk prints such values raw' }
const unordered = { safety: 'apk cannot order it: it would be upgraded always or never' }
const bounded = { safety: 'no producer makes it, and it would cost the server dearly' }
const unclear = { safety: 'two readers of the package would see different contents' }
const apk2Cache = { safety: 'apk 2 has 128 bytes for the name in its cache' }
const odd = { safety: 'names become paths and file names on clients' }
const dropped = { safety: 'apk drops it and the rest of the list' }
const shared = {
  safety: 'apk writes the list together with the first folder and the name of the repository',
}
const numbers = { safety: 'apk reads another number than the producer meant, apko none at all' }

/** A package of whose index entry the lines beside its lists have so many bytes. */
function withHead(length: number, letter = 'x'): ApkSpec {
  const spec = (size: number) => info({ pkgdesc: letter.repeat(size / bytes(letter).length) })
  const grown = spec(1000)
  const rest = headOf(buildApkParts(grown)) - 1000
  return spec(length - rest)
}

function headOf({ bytes: file, identity, installedSize, pkginfo }: BuiltApk): number {
  const listed = /^(?:pkgname|pkgver|pkgdesc|url|builddate|arch|origin|maintainer|license) = /
  const values = pkginfo.split('\n').filter((line) => listed.test(line))
  const lines = [identity, String(file.length), String(installedSize)]
  const all = [...lines, ...values.map((line) => line.replace(listed, ''))]
  // Each has a letter and a colon before it, and a newline after it.
  return all.reduce((sum, value) => sum + bytes(value).length + 3, 0)
}

type Row = readonly [
  title: string,
  spec: ApkSpec,
  says: RegExp,
  apk: BadPackage['apk'],
  change?: BadPackage['change'],
]

const container: readonly Row[] = [
  ['nothing', {}, /^the request has no body: send the \.apk file/, chokes, instead('')],
  [
    'plain text',
    {},
    /not an Alpine package .* but plain text; send an \.apk/,
    chokes,
    instead('hi\n'),
  ],
  ['a zip file', {}, /but a zip file.*; send an \.apk file/, chokes, instead('PK\x03\x04....')],
  [
    'a tar archive',
    {},
    /a tar archive that is not compressed/,
    chokes,
    instead(tarEntry({ name: 'a' })),
  ],
  [
    'a .tar.gz',
    {},
    /begins with "a": the control segment, with \.PKGINFO, comes before/,
    chokes,
    instead(gzipMember(tarEntry({ name: 'a' }))),
  ],
  ['format v3', {}, /format v3.*not taken yet: build it in format v2/, chokes, instead('ADBd....')],
  [
    'a package cut inside its control',
    {},
    /ends inside the first gzip member: .* send it again$/,
    chokes,
    cut(({ control }) => control.length - 20),
  ],
  [
    'a package cut after its control',
    {},
    /data segment is missing, send it whole$/,
    chokes,
    cut(({ control }) => control.length),
  ],
  [
    'a package cut inside its data',
    {},
    /ends inside the data segment: .* send it again$/,
    chokes,
    cut((b) => b.bytes.length - 20),
  ],
  [
    'a package cut inside its last checksum',
    {},
    /ends inside the gzip trailer of the data segment: send it whole$/,
    chokes,
    cut((b) => b.bytes.length - 3),
  ],
  [
    'a signature alone',
    {},
    /ends after its signature: .* missing, send it whole$/,
    chokes,
    () => signature,
  ],
  ['a flipped bit in its control', {}, /the first gzip member .*send it again$/, chokes, flip(40)],
  [
    'a flipped bit in its data',
    {},
    /the data segment .*(?:send it again|build it anew)$/,
    chokes,
    flip(-60),
  ],
  [
    'a flipped bit in its last checksum',
    {},
    /does not match its gzip checksum: .*send it again$/,
    chokes,
    flip(-6),
  ],
  [
    'a byte more',
    { trailing: Uint8Array.of(0) },
    /goes on after its data segment: remove what follows/,
    chokes,
  ],
  [
    'an empty gzip member more',
    { trailing: gzipMember(new Uint8Array(0)) },
    /another gzip member after its data segment: compress all/,
    chokes,
  ],
  [
    'a package sent twice in one',
    {},
    /another gzip member after its data segment/,
    chokes,
    ({ bytes: all }) => join(all, all),
  ],
  [
    'signature and control in one member',
    {},
    /in one gzip member: compress each of them for itself/,
    { safety: 'apk 2.14 ends with BAD signature' },
    ({ pkginfo, data }) =>
      join(
        gzipMember(
          join(
            tarEntry({ name: '.SIGN.RSA256.a.rsa.pub', content: 'x' }),
            tarEntry({ name: '.PKGINFO', content: pkginfo }),
          ),
        ),
        data,
      ),
  ],
  [
    'control and data in one member',
    { join: 'control-data' },
    /goes on with "usr\/": control and data have to be two gzip members/,
    chokes,
  ],
  [
    'control in two members',
    { split: 'control' },
    /first gzip member ends inside its entry "\.PKGINFO": build it anew/,
    chokes,
  ],
  [
    'data in two members',
    { split: 'data' },
    /another gzip member after its data segment: compress all/,
    chokes,
  ],
  [
    'data before control',
    { dataFirst: true },
    /begins with "usr\/": the control segment, with \.PKGINFO, comes before data/,
    chokes,
  ],
  [
    'its signature after control',
    {},
    /data segment .*\.SIGN\.RSA256\..*: control has to be exactly one gzip member/,
    chokes,
    ({ control, data }) => join(control, signature, data),
  ],
  ['no data', { omitData: true }, /the data segment is missing/, chokes],
  [
    'end-of-archive blocks in its signature',
    {},
    /signature segment ends with two zero blocks, .*cut them off/,
    chokes,
    (b) =>
      join(
        gzipMember(join(tarEntry({ name: '.SIGN.RSA256.a.rsa.pub', content: 'x' }), tarEnd)),
        b.bytes,
      ),
  ],
  [
    'end-of-archive blocks in its control',
    { endBlocksInControl: true },
    /control segment ends with two zero blocks, .*cut them off/,
    chokes,
  ],
  [
    'no padding after its signature',
    {},
    /also the last, has to be padded with zeros/,
    chokes,
    (b) =>
      join(
        gzipMember(tarEntry({ name: '.SIGN.RSA256.a.rsa.pub', content: 'x', unpadded: true })),
        b.bytes,
      ),
  ],
  [
    'no padding after its control',
    { unpaddedControl: true },
    /also the last, has to be padded with zeros/,
    chokes,
  ],
  [
    'something behind the end of its data archive',
    {
      rawData: join(
        tarEntry({ name: 'a', content: 'x', pax: hashed }),
        tarEnd,
        tarEntry({ name: 'b' }),
      ),
    },
    /goes on after the two zero blocks .*: nothing may follow/,
    chokes,
  ],
  [
    'a signature without a key name',
    {},
    /"\.SIGN\.RSA" does not name a signature: \.SIGN\., an algorithm/,
    unclear,
    (b) => join(gzipMember(tarEntry({ name: '.SIGN.RSA' })), b.bytes),
  ],
  [
    'seventeen signatures',
    {},
    /more than 16 signatures: sign it once/,
    bounded,
    (b) => join(...Array.from({ length: 17 }, () => signature), b.bytes),
  ],
]

const control: readonly Row[] = [
  [
    'no .PKGINFO',
    { omitInfo: true, scripts: { '.trigger': '#!/bin/sh\n' } },
    /control files but no \.PKGINFO: .*build one with/,
    chokes,
  ],
  [
    'two .PKGINFO',
    { controlEntries: [tarEntry({ name: '.PKGINFO', content: 'pkgname = other\n' })] },
    /holds \.PKGINFO twice: leave one/,
    unclear,
  ],
  [
    './.PKGINFO',
    { rawControl: tarEntry({ name: './.PKGINFO' }) },
    /"\.\/\.PKGINFO" has to be named without "\.\/" .*: give tar/,
    chokes,
  ],
  [
    'a control file called ..',
    { controlEntries: [tarEntry({ name: '..' })] },
    /^the control segment holds "\.\.", which is no name for a file: rename it/,
    chokes,
  ],
  [
    'a control file called by an escape sequence',
    { controlEntries: [tarEntry({ name: '.\u001b[2J' })] },
    /^the control segment holds "\.\\u\{1b\}\[2J", which is no name for a file: rename it/,
    chokes,
  ],
  [
    'a control file with an escape sequence for a link target',
    { controlEntries: [tarEntry({ name: '.other', linkName: '\u001b[2J' })] },
    /^"\.other" in the control segment has the link target "\\u\{1b\}\[2J", which holds a control/,
    printed,
  ],
  [
    'a folder in control',
    { controlEntries: [tarEntry({ name: '.a/b' })] },
    /begins with "\.a\/b": the control segment/,
    chokes,
  ],
  [
    'a script of the old format',
    { controlEntries: [tarEntry({ name: '.INSTALL' })] },
    /\.INSTALL, .*apk 3 refuses: split it into/,
    chokes,
  ],
  [
    'a script of 257 KiB',
    { scripts: { '.post-install': `#!/bin/sh\n#${'x'.repeat(263_000)}\n` } },
    /script "\.post-install" has more than the 262144 bytes .*: shorten it/,
    { safety: 'apk 3 installs it and passes the script over without a word' },
  ],
  [
    'no datahash',
    { omitDatahash: true },
    /^datahash in \.PKGINFO is missing: .*build it with a newer tool/,
    chokes,
  ],
  [
    'a wrong datahash',
    { wrongDatahash: true },
    /^datahash in \.PKGINFO is not the SHA-256 of the data segment: .*build it anew/,
    chokes,
  ],
  [
    'a datahash that is none',
    info({ datahash: 'abc' }),
    /^datahash in \.PKGINFO is not a SHA-256 of 64 hex digits: build/,
    chokes,
  ],
  [
    'a line of 128 KiB',
    info({ pkgdesc: 'x'.repeat(131_072) }),
    /^\.PKGINFO has a line of more than 131072 bytes, .*: shorten it/,
    chokes,
  ],
  [
    'dependencies of more than 128 KiB',
    info({ depend: Array.from({ length: 9000 }, (_, at) => `dependency-${at}`) }),
    /^depend in \.PKGINFO is longer than the 131072 bytes .*: shorten it/,
    chokes,
  ],
  [
    'CR LF',
    info({ pkgdesc: 'x\r' }),
    /^pkgdesc in \.PKGINFO ends in a carriage return: .* with LF line ends/,
    printed,
  ],
  [
    'Latin-1 in its description',
    {
      rawInfo: new Uint8Array(
        Buffer.from('pkgname = hello\npkgver = 1\narch = x86_64\npkgdesc = caf\xe9\n', 'latin1'),
      ),
    },
    /^pkgdesc in \.PKGINFO is not UTF-8: save/,
    chokes,
  ],
  [
    'a negative size',
    info({ size: '-1' }),
    /^size in \.PKGINFO is not a whole number: write digits only/,
    chokes,
  ],
  [
    'a build date that is a date',
    info({ builddate: '2026-01-01' }),
    /^builddate in \.PKGINFO is not a whole number: write digits only/,
    numbers,
  ],
  ...[1_700_000_000_000, 1_700_000_000_000_000, 253_402_300_800].map(
    (builddate): Row => [
      `a build date of ${builddate} seconds`,
      info({ builddate: String(builddate) }),
      new RegExp(
        `^builddate in \\.PKGINFO is ${builddate}, a date after the year 9999: write Unix`,
      ),
      numbers,
    ],
  ),
  ...['provider_priority', 'replaces_priority'].flatMap((field): Row[] => [
    [
      `a negative ${field}`,
      info({ [field]: '-5' }),
      new RegExp(`^${field} in \\.PKGINFO is not a whole number`),
      numbers,
    ],
    [
      `a ${field} over 65535`,
      info({ [field]: '65536' }),
      new RegExp(`^${field} in \\.PKGINFO is over 65535, .*: lower it`),
      numbers,
    ],
  ]),
  ...['pkgdesc', 'url', 'license', 'origin', 'maintainer', 'packager', 'commit'].map(
    (field): Row => [
      `an escape sequence in its ${field}`,
      info({ [field]: 'a\u001b[31mb' }),
      new RegExp(`^${field} in \\.PKGINFO holds the control character U\\+001B, .*: remove it`),
      printed,
    ],
  ),
  [
    'a NUL in its description',
    info({ pkgdesc: 'a\0b' }),
    /holds the control character U\+0000, which apk prints: remove it/,
    printed,
  ],
  [
    'a C1 control character in its description',
    info({ pkgdesc: 'a\u009bb' }),
    /holds the control character U\+009B/,
    printed,
  ],
  [
    'text that reads backwards in its description',
    info({ pkgdesc: 'a\u202eb' }),
    /holds the control character U\+202E/,
    printed,
  ],
]

/** What apk's database cannot hold. */
const database: readonly Row[] = [
  [
    'an index entry of 2,049 bytes beside its lists',
    withHead(2049),
    /^pkgdesc in \.PKGINFO has 1\d+ bytes, .* entry has 2049 .* at most 2048 .*: shorten it by 1$/,
    chokes,
  ],
  [
    'a description of 950 characters of two bytes',
    info({ pkgdesc: 'ü'.repeat(950) }),
    /^pkgdesc in \.PKGINFO has 1900 bytes, with which the index entry has 2\d+ .*: shorten it by/,
    chokes,
  ],
  ...['url', 'license', 'origin', 'maintainer', 'commit'].map(
    (field): Row => [
      `2,000 bytes of ${field}`,
      info({ [field]: 'x'.repeat(2000) }),
      new RegExp(`^${field} in \\.PKGINFO has 2000 bytes, .*: shorten it by \\d+$`),
      chokes,
    ],
  ),
  ...['depend', 'provides', 'install_if'].flatMap((field): Row[] => [
    [
      `a first item of 257 bytes in ${field}`,
      info({ [field]: field === 'depend' ? `!${'x'.repeat(256)}` : 'x'.repeat(257) }),
      new RegExp(`^${field} item "!?x{79,80}…" has 257 bytes; apk writes at most 256 .*: shorten`),
      chokes,
    ],
    [
      `a second item of 256 bytes in ${field}`,
      info({ [field]: field === 'depend' ? `!a !${'x'.repeat(255)}` : `a ${'x'.repeat(256)}` }),
      new RegExp(`^${field} item "!?x{79,80}…" has 256 bytes; apk writes at most 255 .*: shorten`),
      chokes,
    ],
  ]),
  [
    'a name and a version of 257 bytes in provides',
    info({ provides: `${'x'.repeat(253)}=1.0` }),
    /^provides item "x{80}…" has 257 bytes; apk writes at most 256 of an item/,
    chokes,
  ],
  [
    'replaces of 5,200 bytes',
    info({ replaces: Array.from({ length: 40 }, (_, at) => `a${at}`.padEnd(129, 'b')) }),
    /^replaces in \.PKGINFO has 5199 bytes; apk can keep 4096 .*: shorten the list$/,
    chokes,
  ],
  [
    'replaces of 4,097 bytes',
    info({ replaces: 'x'.repeat(4097) }),
    /^replaces in \.PKGINFO has 4097 bytes; apk can keep 4096 .*: shorten the list$/,
    shared,
  ],
  [
    'triggers of 131,042 bytes',
    info({ triggers: `/${'x'.repeat(131_041)}` }),
    /^triggers in \.PKGINFO has 131042 bytes; apk can keep 131041 .*: shorten the list$/,
    chokes,
  ],
]

const names: readonly Row[] = [
  [
    'no name',
    info({ pkgname: null }),
    /^pkgname in \.PKGINFO is missing \(a line "pkgname = …"\)/,
    chokes,
  ],
  ['no version', info({ pkgver: null }), /^pkgver in \.PKGINFO is missing/, chokes],
  [
    'no architecture',
    info({ arch: null }),
    /^arch in \.PKGINFO is missing .*: name the architecture/,
    chokes,
  ],
  [
    'a name that climbs',
    { name: '../evil' },
    /^package name "\.\.\/evil" is not allowed: use ASCII letters/,
    odd,
  ],
  [
    'a name with a slash',
    { name: 'a/b' },
    /^package name "a\/b" is not allowed: use ASCII letters/,
    odd,
  ],
  ['a name with a space', { name: 'a b' }, /^package name "a b" is not allowed/, chokes],
  [
    'a name with a control character',
    { name: 'a\u0007b' },
    /^pkgname in \.PKGINFO holds the control character U\+0007/,
    printed,
  ],
  [
    'a name that begins with a dash',
    { name: '-a' },
    /^package name "-a" is not allowed: .* begin with a letter or a digit/,
    chokes,
  ],
  [
    'a name of 300 characters',
    { name: 'n'.repeat(300) },
    /^package name and version "n{80}…" have more than 100 characters, .*: shorten/,
    chokes,
  ],
  [
    'a name of 100 characters',
    { name: 'n'.repeat(100) },
    /have more than 100 characters, which apk 2 cannot store in its cache: shorten/,
    apk2Cache,
  ],
  [
    'a version as in SemVer',
    { version: '1.0.0-rc1' },
    /^version "1\.0\.0-rc1" is not an apk version: use 1\.0\.0_rc1$/,
    unordered,
  ],
  [
    'a version of words',
    { version: 'latest' },
    /^version "latest" is not an apk version: write numbers joined by dots/,
    unordered,
  ],
  [
    'a version of a snapshot',
    { version: '1.2-SNAPSHOT' },
    /^version "1\.2-SNAPSHOT" is not an apk version: use 1\.2_git\d{8}$/,
    unordered,
  ],
  [
    'a version that climbs',
    { version: '1/../../2' },
    /^version "1\/\.\.\/\.\.\/2" is not an apk version/,
    chokes,
  ],
  [
    'a version with a control character',
    { version: '1\u001b' },
    /^pkgver in \.PKGINFO holds the control character U\+001B/,
    printed,
  ],
  [
    'a version of 300 digits',
    { version: '1'.repeat(300) },
    /have more than 100 characters, .*: shorten one of them/,
    chokes,
  ],
  [
    "Debian's name for its architecture",
    { arch: 'amd64' },
    /^architecture "amd64" is not known: Alpine calls it x86_64$/,
    chokes,
  ],
  [
    'an architecture that climbs',
    { arch: '../x86_64' },
    /^architecture "\.\.\/x86_64" is not known: use Alpine's name/,
    chokes,
  ],
  [
    'an architecture of 33 characters',
    { arch: 'a'.repeat(33) },
    /^architecture "a{33}" is not known: .*at most 32/,
    chokes,
  ],
  [
    'an architecture with a control character',
    { arch: 'x86\u001b' },
    /^arch in \.PKGINFO holds the control character/,
    chokes,
  ],
]

const dependencies: readonly Row[] = [
  [
    'depend',
    'libc >= 1',
    /^depend item ">=" is not valid: write name, operator and version as one word/,
    chokes,
  ],
  ['depend', 'libc@edge', /^depend item "libc@edge" is not valid: a repository tag/, chokes],
  ['depend', 'libc>=', /^depend item "libc>=" is not valid: no version follows >=: write/, chokes],
  [
    'depend',
    'libc>=one',
    /^depend item "libc>=one" is not valid: "one" is not an apk version: write libc$/,
    chokes,
  ],
  [
    'depend',
    'a bash (>= 4.0)',
    /^depend item "bash \(>= 4\.0\)" is not valid: apk has no parentheses: write bash>=4\.0$/,
    chokes,
  ],
  [
    'depend',
    'bash(<<4)',
    /^depend item "bash\(<<4\)" is not valid: apk has no parentheses: write bash<4$/,
    chokes,
  ],
  [
    'provides',
    'pc:x=5.3.0_',
    /^provides item "pc:x=5\.3\.0_" is not valid: .* apk version: write pc:x=5\.3\.0$/,
    chokes,
  ],
  [
    'provides',
    'pc:librtmp=v2.4',
    /^provides item "pc:librtmp=v2\.4" is not valid: .*: write pc:librtmp=2\.4$/,
    chokes,
  ],
  ...['a{b}', 'a%b', 'a^b', 'a*', '(a)', '#a', 'grüße=1'].map((item) => [
    'provides',
    item,
    /^provides item ".*" is not valid: a name has ASCII letters, digits and \. _ \+ - , : \/ \[ \] only$/,
    { safety: 'apk mkpkg takes no such names, pages and searches go by them' },
  ]),
  ['depend', 'a, b', /^depend item "a," is not valid: separate items by spaces/, chokes],
  ['depend', 'a;b', /^depend item "a;b" is not valid: a name has ASCII letters/, chokes],
  [
    'depend',
    'a\tb',
    /^depend in \.PKGINFO holds the control character U\+0009, .*: remove it/,
    chokes,
  ],
  [
    'provides',
    '!hello',
    /^provides item "!hello" is not valid: a package cannot provide the absence/,
    chokes,
  ],
  ['install_if', 'a>=', /^install_if item "a>=" is not valid: no version follows/, dropped],
].map(
  ([field, value, says, apk]): Row => [
    `${field} = ${JSON.stringify(value)}`,
    info({ [field as string]: value as string }),
    says as RegExp,
    apk as BadPackage['apk'],
  ],
)

/** What the kernel does not start. A trigger for a folder of the package runs when it is added. */
const scripts: readonly Row[] = [
  ...['.pre-install', '.post-install', '.pre-deinstall', '.post-deinstall', '.trigger'].map(
    (name): Row => [
      `a script ${name} without an interpreter`,
      { scripts: { [name]: 'exit 0\n' }, info: { triggers: '/usr/bin' } },
      new RegExp(`^the script "\\${name}" does not begin with "#!", .*: begin it with #!/bin/sh$`),
      chokes,
    ],
  ),
  ...(
    [
      ['an empty script', '', /is empty, so that no kernel runs it: begin it with #!\/bin\/sh$/],
      ['a script after a byte-order mark', '\ufeff#!/bin/sh\n', /does not begin with "#!"/],
      ['a script after an empty line', '\n#!/bin/sh\n', /does not begin with "#!"/],
      [
        'a script with CR LF',
        '#!/bin/sh\r\nexit\r\n',
        /carriage return in its first line, .*: write LF/,
      ],
      ['a script with CR after an option', '#!/bin/sh -e\r\n', /carriage return in its first line/],
      ['a script that names nothing', '#! \t\n', /names no interpreter after its "#!": begin/],
      [
        'a script whose interpreter has 254 bytes',
        `#!${'/'.repeat(248)}bin/sh\n`,
        /interpreter that goes beyond the 255 bytes that the kernel reads: shorten/,
      ],
    ] as const
  ).map(
    ([title, script, says]): Row => [title, { scripts: { '.post-install': script } }, says, chokes],
  ),
]

/** Of hello 1.0-r0: apk's solver never takes it. */
const contradictions: readonly Row[] = (
  [
    ...['hello', 'hello=1.0-r0', 'hello=2'].map((item) => [
      { provides: item },
      new RegExp(`^provides item "${item}" is the own name .* conflicts with itself: remove the`),
    ]),
    ...['a=1 a=1', 'a=1 a=2', 'a a=1', 'a=1 a'].map((items) => [
      { provides: items },
      /^provides item "a.*" comes beside "a.*", and the package conflicts with itself: keep one/,
    ]),
    ...['hello>1.0-r0', 'hello=2', 'hello<~0.9'].map((item) => [
      { depend: item },
      new RegExp(`^depend item "${item}" is not what the package itself is .* never be installed`),
    ]),
    [{ provides: 'a=1', depend: 'a=2' }, /^depend item "a=2" is not what .* under that name/],
    [{ provides: 'a', depend: 'a>1' }, /^depend item "a>1" is not what .* under that name/],
    ...['a !a', '!a a', '!a a>1', 'a=1 a=2', 'a=1 !a=1', 'a<1 a=1', 'a>2 a<1', 'a<1 a>=1'].map(
      (items) => [{ depend: items }, /^depend item ".*" excludes ".*": remove one of them$/],
    ),
  ] as readonly [ApkSpec['info'], RegExp][]
).map(([fields, says]): Row => [JSON.stringify(fields), info(fields), says, chokes])

const whole = tarEntry({ name: 'unseen', content: 'x', pax: hashed })
const longName = (name: string) => tarEntry({ name: 'L', typeflag: 'L', content: `${name}\0` })
const global = (record: string) => tarEntry({ name: 'g', typeflag: 'g', content: record })
const folder = (name: string, mode = 0o755) => tarEntry({ name, typeflag: '5', mode })
const file = (name: string, pax = {}) =>
  tarEntry({ name, content: 'x', pax: { ...hashed, ...pax } })
const other = { safety: 'apk passes it over or reads it otherwise than apko, GNU tar and Python' }

/** A file whose path has so many bytes, of names of 200. */
function pathOf(length: number): ApkSpec {
  const path = `${'d'.repeat(200)}/`.repeat(length / 201 + 1).slice(0, length)
  return { files: [{ path: path.replace(/\/$/, 'd'), content: 'x' }] }
}

/** What is another entry, or none, to another reader. */
const differences: readonly Row[] = (
  [
    [
      'a GNU long link target',
      [
        tarEntry({ name: 'K', typeflag: 'K', content: 'y\0' }),
        tarEntry({ name: 'a', typeflag: '2', linkName: 'x' }),
      ],
      /^"a" has a link target in GNU.s own form, which apk passes over: make the tar archive in POSIX/,
    ],
    [
      'an old type among hidden names',
      [tarEntry({ name: '.a', typeflag: '\0' }), file('b')],
      /^"\.a" is a kind of tar entry that apk passes/,
    ],
    [
      "Solaris' pax header",
      [tarEntry({ name: '.a', typeflag: 'X', content: '10 path=c\n' }), file('b')],
      /^"\.a" is a kind of tar entry/,
    ],
    [
      'a folder with an entry for its content',
      [tarEntry({ name: 'a/', typeflag: '5', content: whole }), file('b')],
      /^"a\/" is a directory with content: give it the size 0/,
    ],
    [
      'a link with an entry for its content',
      [tarEntry({ name: 'a', typeflag: '2', linkName: 'b', content: whole }), file('b')],
      /^"a" is a symlink with content: give it the size 0/,
    ],
    [
      'a hard link with an entry for its content',
      [file('b'), tarEntry({ name: 'a', typeflag: '1', linkName: 'b', content: whole })],
      /^"a" is a hardlink with content: give/,
    ],
    [
      'a pipe with an entry for its content',
      [tarEntry({ name: 'a', typeflag: '6', content: whole }), file('b')],
      /^"a" is a fifo with content: give it/,
    ],
    [
      'a GNU name and another pax name',
      [longName('a'), file('b', { path: 'c' })],
      /^entry 1 of the data segment has two names, "a" and another: keep one/,
    ],
    [
      'a GNU name and a ustar prefix',
      [folder('p/'), longName('a'), withField(file('b'), 345, 'p')],
      /^entry 2 of .* has two names, "a" and another: keep one/,
    ],
    [
      "times of GNU's old format",
      [
        folder('p/'),
        withField(tarEntry({ name: 'b', content: 'x', pax: hashed, magic: 'gnu' }), 345, 'p'),
      ],
      /^entry 2 of .* has times in its header, .*: make the tar archive in POSIX/,
    ],
    [
      'a global name',
      [global('10 path=c\n'), file('b')],
      /^entry 1 of .* has "path" in a global pax header: give it to each entry/,
    ],
    [
      'a global size',
      [global('9 size=0\n'), file('b')],
      /^entry 1 of .* has "size" in a global pax header/,
    ],
    [
      'a file with the target of a hard link',
      [file('a'), file('b', { linkpath: 'a' })],
      /^entry 2 of .* is a file with a link target, a hard link to apk: leave it out/,
    ],
    [
      "a sparse file in GNU's pax format",
      [file('a', { 'GNU.sparse.major': '1', 'GNU.sparse.name': 'b' })],
      /^entry 1 of .* is a sparse file \("GNU\.sparse\.major"\): pack it without/,
    ],
    [
      'another user in its pax header',
      [file('a', { uid: '5' })],
      /^entry 1 of .* has another uid in its pax header: leave out one of them/,
    ],
    [
      'a size in hex in its pax header',
      [file('a', { size: '0x1' })],
      /^entry 1 of .* has another size in its pax header: leave out/,
    ],
    [
      'a pax record twice',
      [
        tarEntry({ name: 'x', typeflag: 'x', content: `10 path=a\n10 path=b\n${hashRecord}` }),
        tarEntry({ name: 'c', content: 'x' }),
      ],
      /^entry 1 of .* has the pax record "path" twice: build it anew/,
    ],
    [
      'a zero block between entries',
      [file('a'), new Uint8Array(512), file('b')],
      /^entry 2 of the data segment comes after a zero block: only two such blocks/,
    ],
    [
      'a zero block before its entries',
      [new Uint8Array(512), file('b')],
      /^entry 1 of the data segment comes after a zero block/,
    ],
    [
      'a hidden file after another',
      [file('a'), file('.b')],
      /^"\.b" begins with a dot: apk would pass over it, apko install it: leave it out/,
    ],
    [
      'a hidden folder',
      [folder('.b/'), file('.b/c'), file('a')],
      /^"\.b\/" begins with a dot: apk would pass over it/,
    ],
    [
      'a folder twice, with two modes',
      [folder('a/', 0o755), folder('a/', 0o700), file('a/b')],
      /^"a" is in the data segment twice: pack it once/,
    ],
  ] as readonly [string, Uint8Array[], RegExp][]
).map(
  ([title, entries, says]): Row => [
    title,
    { ...holding(...entries), info: { size: '1' } },
    says,
    other,
  ],
)

/** Writes over a field of the last header, and its sum. */
function withField(entry: Uint8Array, at: number, text: string): Uint8Array {
  const changed = entry.slice()
  const header = changed.subarray(changed.length - 1024, changed.length - 512)
  header.set(bytes(text), at)
  return sealHeader(changed, header)
}

const contents: readonly Row[] = [
  ...[
    '/etc/x',
    './x',
    '../x',
    '../../etc/x',
    'a/../../x',
    'a/./x',
    'a//x',
    '..',
    'x/',
    '.x/../../y',
  ].map(
    (path): Row => [
      `a file at ${path}`,
      fileAt(path),
      /^the path ".*" is not safe: paths are relative to \/ and have no/,
      chokes,
    ],
  ),
  [
    'a path with an escape sequence',
    fileAt('a\u001b[2Jb'),
    /^the path "a\\u\{1b\}\[2Jb" holds a control character: rename it/,
    chokes,
  ],
  [
    'a path with a newline',
    fileAt('a\nb'),
    /^the path "a\\u\{a\}b" holds a control character: rename it/,
    chokes,
  ],
  [
    'a path with a C1 control character',
    fileAt('a\u009bb'),
    /^the path "a\\u\{9b\}b" holds a control character: rename it/,
    printed,
  ],
  [
    'a path that reads backwards',
    fileAt('a\u202eb'),
    /^the path "a\\u\{202e\}b" holds a control character: rename it/,
    printed,
  ],
  [
    'a path of 4,090 bytes',
    pathOf(4090),
    /^the path "d{80}…" has more than 4040 bytes: shorten it/,
    chokes,
  ],
  [
    'a name of 256 bytes',
    fileAt('a'.repeat(256)),
    /^the name "a{80}…" in .* more than 255 bytes: shorten it$/,
    chokes,
  ],
  [
    'a name of 128 letters of two bytes',
    fileAt('ü'.repeat(128)),
    /^the name "ü{80}…" in .* than 255 bytes: shorten/,
    chokes,
  ],
  [
    'a folder of 256 bytes with a file in it',
    holding(folder('a'.repeat(256)), file(`${'a'.repeat(256)}/b`)),
    /^the name "a{80}…" in the path "a{80}…" has more than 255 bytes: shorten it$/,
    chokes,
  ],
  [
    'a configuration of 248 bytes',
    holding(folder('etc/'), file(`etc/${'a'.repeat(248)}`)),
    /^the name "a{80}…" in .* has more than 247 bytes, since apk adds \.apk-new .*: shorten it$/,
    { safety: 'apk cannot upgrade it once somebody has changed it' },
  ],
  [
    'a link target of 4,086 bytes',
    { files: [{ path: 'a', link: 'b'.repeat(4086) }] },
    /^the target "b{80}…" of the link "a" has more than 4085 bytes: shorten it$/,
    chokes,
  ],
  [
    "a name of apk's own temporary files",
    holding(folder('usr/'), file(`usr/.apk.${'x'.repeat(48)}`)),
    /^apk takes "usr\/\.apk\.x+" for a temporary file of its own: rename it$/,
    chokes,
  ],
  [
    'a folder of 53 bytes that begins with .apk.',
    holding(folder('usr/'), folder(`usr/.apk.${'x'.repeat(48)}/`), file('b')),
    /^apk takes "usr\/\.apk\.x+" for a temporary file of its own: rename it$/,
    chokes,
  ],
  [
    'a file in uvol',
    { files: [{ path: 'uvol/a', content: 'x' }] },
    /^apk takes "uvol\/a" for a volume of OpenWrt's uvol: rename "uvol"$/,
    chokes,
  ],
  ['a file called uvol', fileAt('uvol'), /^apk takes "uvol" for a volume/, chokes],
  [
    'a link to an escape sequence',
    { info: { size: '1' }, files: [{ path: 'a', link: '\u001b[2J' }] },
    /^the link "a" points to "\\u\{1b\}\[2J", which holds a control character: rename/,
    printed,
  ],
  [
    'a link to nothing',
    { files: [{ path: 'a', link: '' }] },
    /^the symbolic link "a" has no target: give it one/,
    chokes,
  ],
  [
    'a hard link to what is elsewhere',
    { files: [{ path: 'a', hardLink: 'etc/passwd' }] },
    /^the hard link "a" points to "etc\/passwd", .*: pack that file before it/,
    chokes,
  ],
  [
    'no per-file checksums',
    { omitChecksums: true },
    /^"usr\/bin\/hello" has no checksum .*: use abuild-tar --hash or/,
    chokes,
  ],
  [
    'wrong per-file checksums',
    { wrongChecksums: true },
    /^"usr\/bin\/hello" does not match its checksum .*: build it anew/,
    { safety: 'apk records a checksum that its file does not have' },
  ],
  [
    'no entries for its folders',
    { omitParents: true },
    /comes without an entry for its directory "usr\/bin" before it: apk 3 would leave it out/,
    chokes,
  ],
  [
    'a file twice',
    { info: { size: '1' }, files: [{ path: 'a' }, { path: 'a' }] },
    /^"a" is in the data segment twice: pack it once/,
    chokes,
  ],
  [
    'a file as an old tar has it',
    holding(tarEntry({ name: 'hello', typeflag: '\0' })),
    /^"hello" is a kind of tar entry that apk passes over: make the tar archive in POSIX/,
    chokes,
  ],
  [
    'a sparse file',
    holding(tarEntry({ name: 'a', typeflag: 'S' })),
    /^"a" is a kind of tar entry that apk passes over/,
    chokes,
  ],
  [
    'a script among its data',
    fileAt('.post-install'),
    /^the data segment holds "\.post-install", .*: scripts belong into the control segment/,
    chokes,
  ],
  [
    'V7 tar',
    { magic: 'v7' },
    /^entry 1 of .* has no ustar header: make the tar archive in POSIX/,
    chokes,
  ],
  [
    'a size that is not octal',
    holding(tarEntry({ name: 'a', sizeField: '9', pax: hashed })),
    /has a size that is not an octal number: make the tar archive/,
    chokes,
  ],
  [
    'a mode that is not octal',
    holding(withField(file('a'), 100, '9')),
    /^"a", entry 1 of the data segment, has a mode .*: set its mode \(in nfpm: file_info\.mode\) or/,
    chokes,
  ],
  [
    'a size in base 256',
    holding(base256()),
    /has a size that is not an octal number: make the tar archive/,
    chokes,
  ],
  [
    'a size of 8 GiB',
    holding(tarEntry({ name: 'a', sizeField: '77777777777', pax: hashed })),
    /^the data segment ends inside its entry "a": build it anew/,
    chokes,
  ],
  ...differences,
  [
    'two sizes',
    holding(tarEntry({ name: 'a', content: 'x', pax: { ...hashed, size: '4' } })),
    /^entry 1 of the data segment has another size in its pax header: leave out/,
    unclear,
  ],
  [
    'two pax headers',
    holding(
      tarEntry({ name: 'x', typeflag: 'x', content: '13 path=../x\n' }),
      tarEntry({ name: 'a', content: 'x', pax: hashed }),
    ),
    /^entry 1 of the data segment has two extended headers of one kind \(x\): keep one/,
    unclear,
  ],
  [
    'a broken pax header',
    holding(tarEntry({ name: 'x', typeflag: 'x', content: '9 a=b\n' }), tarEntry({ name: 'a' })),
    /^entry 1 of the data segment has a broken pax header: build it anew/,
    chokes,
  ],
  [
    'a wrong tar checksum',
    holding(
      tarEntry({ name: 'a', content: 'x', pax: hashed }),
      tarEntry({ name: 'b', content: 'x', pax: hashed, badChecksum: true }),
    ),
    /^entry 2 of the data segment does not match the checksum of its tar header: build/,
    { safety: 'apk does not look at it, other readers stop there' },
  ],
]

function base256(): Uint8Array {
  const entry = tarEntry({ name: 'a', content: 'x' })
  entry.set(Uint8Array.of(0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), 124)
  return sealHeader(entry, entry.subarray(0, 512))
}

/** Sets the sum of a header that is a part of the bytes, and returns them. */
function sealHeader(whole: Uint8Array, header: Uint8Array): Uint8Array {
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0)
  header.set(bytes(`${sum.toString(8).padStart(6, '0')}\0 `), 148)
  return whole
}

export const badPackages: readonly BadPackage[] = [
  ...container,
  ...control,
  ...database,
  ...names,
  ...dependencies,
  ...contradictions,
  ...scripts,
  ...contents,
].map(([title, spec, says, apk, change]) => ({
  title,
  spec,
  says,
  apk,
  ...(change ? { change } : {}),
}))

export interface GoodPackage {
  readonly title: string
  readonly spec: ApkSpec
  readonly change?: (built: BuiltApk) => Uint8Array
  /** What has to be there once it is installed; `usr/bin/hello` if not given. */
  readonly path?: string
}

/** Odd packages that apk installs, and that are therefore taken. */
export const goodPackages: readonly GoodPackage[] = [
  { title: 'an ordinary one', spec: {} },
  { title: 'one that somebody signed', spec: {}, change: signed },
  { title: 'a size of 0 with content', spec: info({ size: '0' }) },
  { title: 'no size', spec: info({ size: null }) },
  {
    title: 'the last build date and the highest priorities',
    spec: info({
      builddate: '253402300799',
      provider_priority: '65535',
      replaces_priority: '65535',
    }),
  },
  { title: 'a size of 4 GiB', spec: info({ size: '4294967296' }) },
  { title: 'only links', spec: { files: [{ path: 'usr/bin/hello', link: 'other' }] } },
  {
    title: 'only links, without checksums',
    spec: { files: [{ path: 'usr/bin/hello', link: 'other', checksum: null }] },
  },
  { title: 'only empty files', spec: { files: [{ path: 'usr/bin/hello' }] } },
  { title: 'only a folder', spec: { files: [{ path: 'usr/bin/hello', directory: true }] } },
  {
    title: 'a hard link',
    spec: {
      files: [
        { path: 'usr/bin/other', content: 'x' },
        { path: 'usr/bin/hello', hardLink: 'usr/bin/other' },
      ],
    },
  },
  {
    title: 'a hard link to a link',
    spec: {
      files: [
        { path: 'usr/bin/other', link: 'x' },
        { path: 'usr/bin/hello', hardLink: 'usr/bin/other' },
      ],
    },
  },
  {
    title: 'a folder twice',
    spec: {
      files: [
        { path: 'usr', directory: true },
        { path: 'usr', directory: true },
        { path: 'usr/bin', directory: true },
        { path: 'usr/bin/hello', content: 'x' },
      ],
    },
  },
  {
    title: 'hidden entries at the top',
    spec: {
      files: [
        { path: '.hidden', content: 'x', checksum: null },
        { path: 'usr/bin/hello', content: 'x' },
      ],
    },
  },
  {
    title: 'an unknown dot-file in control',
    spec: { controlEntries: [tarEntry({ name: '.melange.yaml', content: 'x' })] },
  },
  { title: 'one zero block in control', spec: {}, change: withOneZeroBlock },
  { title: 'no end of its data archive', spec: { omitEndBlocks: true } },
  {
    title: 'a long end of its data archive',
    spec: {
      ...fileAt('hello'),
      rawData: join(tarEntry({ name: 'hello', content: 'x', pax: hashed }), new Uint8Array(10_240)),
    },
    path: 'hello',
  },
  { title: 'GNU tar', spec: { magic: 'gnu' } },
  {
    title: 'stored blocks, a name, a comment and a checksum in gzip',
    spec: { gzip: { level: 0, name: 'x', comment: 'y', headerCrc: true, mtime: 1, os: 3 } },
  },
  {
    title: 'checksums in capitals',
    spec: { files: [{ path: 'hello', content: 'x', checksum: sha1OfX.toUpperCase() }] },
    path: 'hello',
  },
  {
    title: 'a long path',
    spec: { files: [{ path: `usr/${'long/'.repeat(60)}hello`, content: 'x' }] },
    path: `usr/${'long/'.repeat(60)}hello`,
  },
  { title: 'a path of 4,040 bytes', spec: pathOf(4040), path: `${'d'.repeat(200)}` },
  {
    title: 'names as long as Linux has them',
    spec: holding(
      folder('etc/'),
      file(`etc/${'a'.repeat(247)}`),
      file(`${'ü'.repeat(127)}b`),
      tarEntry({ name: 'c', typeflag: '2', linkName: 'd'.repeat(4085), pax: hashed }),
    ),
    path: `${'ü'.repeat(127)}b`,
  },
  {
    title: "names that are nearly apk's own",
    spec: holding(folder('uvol/'), folder('b/'), file('b/.apk.x'), file('uvol-a')),
    path: 'b/.apk.x',
  },
  {
    title: 'a name that is not ASCII',
    spec: { files: [{ path: 'usr/bin/grüße-日本', content: 'x' }] },
    path: 'usr/bin/grüße-日本',
  },
  { title: 'no release', spec: { version: '1.2.3' } },
  { title: 'a hash in its version', spec: { version: '1.2~abc-r0' } },
  {
    title: 'only what is required',
    spec: info({
      pkgdesc: null,
      url: null,
      builddate: null,
      packager: null,
      origin: null,
      maintainer: null,
      license: null,
      size: null,
    }),
  },
  {
    title: 'lines that mean nothing',
    spec: { lines: ['# a comment', 'nothing', '  indented = x', 'future = x'] },
  },
  { title: 'a script', spec: { scripts: { '.post-install': '#!/bin/sh\nexit 0\n' } } },
  ...[
    '#! \t/bin/sh  \nexit 0\n',
    '#!/bin/sh -e\nexit 0\n',
    '#!/bin/sh',
    `#!${'/'.repeat(247)}bin/sh\n`,
    `#!/bin/sh${' '.repeat(300)}-e\nexit 0\n`,
  ].map((script, index) => ({
    title: `a script as the kernel takes it (${index + 1})`,
    spec: { scripts: { '.post-install': script } },
  })),
  { title: 'noarch', spec: { arch: 'noarch' } },
  {
    title: 'a conflict and a path it provides',
    spec: info({ depend: ['!other'], provides: ['cmd:hello=1.0-r0', '/bin/hi'] }),
  },
  { title: 'an index entry of 2,048 bytes beside its lists', spec: withHead(2048) },
  { title: 'an index entry of 2,048 bytes, of two for a letter', spec: withHead(2048, 'ü') },
  {
    title: 'items as long as apk can write them',
    spec: info({
      depend: `!${'a'.repeat(255)} !${'b'.repeat(254)}`,
      provides: `${'c'.repeat(252)}=1.0 ${'d'.repeat(251)}=1.0`,
      install_if: `${'e'.repeat(256)} ${'f'.repeat(255)}`,
      replaces: 'g'.repeat(4096),
      triggers: `/${'h'.repeat(131_000)}`,
    }),
  },
  ...[
    { provides: 'a a', depend: 'a' },
    { provides: 'a=2 b>1', depend: 'a>1 a<3 b=1 !c' },
    { depend: 'hello hello=1.0-r0 hello~1 !hello !hello<1.0-r0' },
    { provides: 'a=1', depend: '!a !a=1 !b !b' },
    { install_if: 'hello !hello a !a' },
    { replaces: 'hello' },
  ].map((fields) => ({ title: JSON.stringify(fields), spec: info(fields) })),
  {
    title: 'a name and version of 100 characters',
    spec: { name: 'n'.repeat(91), version: '1.0.0-r0' },
  },
]

/** One block is no end of an archive yet. */
function withOneZeroBlock({ pkginfo, data }: BuiltApk): Uint8Array {
  return join(
    gzipMember(join(tarEntry({ name: '.PKGINFO', content: pkginfo }), new Uint8Array(512))),
    data,
  )
}

export function make({ spec, change }: Pick<BadPackage, 'spec' | 'change'>): BuiltApk {
  const built = buildApkParts(spec)
  return change === undefined ? built : { ...built, bytes: change(built) }
}
