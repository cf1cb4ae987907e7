// What stands around every page: head, header with the way here and a search, footer. Pages give
// content, never a whole document; nothing inline, since the content security policy allows none.
import type { Child } from 'hono/jsx'
import { version } from '../../package.json'
import { escapeUnprintable } from '../formats/format-error.ts'
import { PROBLEMS_PATH } from '../http/path.ts'
import { SCRIPT, STYLE } from './assets/assets.ts'
import { CsrfField } from './components/form.tsx'
import { Logo } from './components/logo.tsx'
import { SIGN_IN, signInPath } from './paths.ts'

/** Who is signed in with a browser. */
export interface Viewer {
  /** As the header names them, and where that leads. */
  readonly label: string
  readonly home: string
  /** Whether they may publish to and remove from the owner that the page is about. */
  readonly mayWrite: boolean
  /** Whether they may manage that owner. */
  readonly mayManage: boolean
  /** What forms carry. */
  readonly csrfToken: string
}

export interface Crumb {
  readonly label: string
  readonly href?: string
}

export interface Search {
  readonly action: string
  readonly value: string
  /** What is searched: `acme's packages`. */
  readonly label: string
}

export interface PageContent {
  readonly title: string
  /** One line for those who list links. */
  readonly description?: string
  /** From the owner on; the last is the page itself. */
  readonly trail?: readonly Crumb[]
  readonly search?: Search
  readonly body: Child
}

export interface DocumentProps extends PageContent {
  /** Null for nobody; undefined where it is not known, as on an error page. */
  readonly viewer?: Viewer | null | undefined
  /** What just happened. */
  readonly notice?: string | undefined
  /** Path and query to come back to after signing in. */
  readonly here: string
}

/** The whole document as text, in which nothing from outside makes a text read as another one. */
export function formatDocument(props: DocumentProps): string {
  return escapeUnprintable(`<!DOCTYPE html>${String(<Document {...props} />)}`)
}

function Document({
  title,
  description,
  trail,
  search,
  notice,
  viewer,
  here,
  body,
}: DocumentProps) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{title === 'Cairn' ? title : `${title} · Cairn`}</title>
        {description !== undefined && <meta name="description" content={description} />}
        <meta name="color-scheme" content="light dark" />
        <link rel="icon" type="image/svg+xml" href="/favicon.ico" />
        <link rel="stylesheet" href={STYLE.path} />
        <script src={SCRIPT.path} defer></script>
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to content
        </a>
        <Header trail={trail ?? []} search={search} viewer={viewer} here={here} />
        <main id="main" class="wide" tabindex={-1}>
          {notice !== undefined && (
            <p class="panel notice" role="status">
              {notice}
            </p>
          )}
          {body}
        </main>
        <Footer />
        <div id="status" class="unseen" role="status"></div>
      </body>
    </html>
  )
}

interface HeaderProps extends Pick<DocumentProps, 'viewer' | 'here'> {
  readonly trail: readonly Crumb[]
  readonly search: Search | undefined
}

function Header({ trail, search, viewer, here }: HeaderProps) {
  return (
    <header class="bar">
      <div class="wide">
        <a class="brand" href="/">
          <Logo />
          <span>Cairn</span>
        </a>
        {trail.length === 0 ? <div class="trail" /> : <Trail trail={trail} />}
        {search !== undefined && <SearchForm {...search} />}
        {viewer !== undefined && <Account viewer={viewer} here={here} />}
      </div>
    </header>
  )
}

function Trail({ trail }: { readonly trail: readonly Crumb[] }) {
  return (
    <nav class="trail" aria-label="You are here">
      <ol>
        {trail.map(({ label, href }) => (
          <li>
            {href === undefined ? (
              <span aria-current="page">{label}</span>
            ) : (
              <a href={href}>{label}</a>
            )}
          </li>
        ))}
      </ol>
    </nav>
  )
}

function SearchForm({ action, value, label }: Search) {
  return (
    <search>
      <form method="get" action={action}>
        <input
          type="search"
          name="q"
          value={value}
          placeholder={`Search ${label}`}
          aria-label={`Search ${label}`}
          maxlength={100}
        />
      </form>
    </search>
  )
}

function Account({ viewer, here }: { readonly viewer: Viewer | null; readonly here: string }) {
  if (viewer === null) {
    if (here.startsWith(SIGN_IN)) return null
    return (
      <nav class="account" aria-label="Account">
        {/* From the first page they come to their own owner. */}
        <a href={signInPath(here === '/' ? undefined : here)}>Sign in</a>
      </nav>
    )
  }
  return (
    <nav class="account" aria-label="Account">
      <a class="who" href={viewer.home} title={`Signed in: ${viewer.label}`}>
        {viewer.label}
      </a>
      <form method="post" action="/-/sign-out">
        <CsrfField token={viewer.csrfToken} />
        <button class="plain" type="submit">
          Sign out
        </button>
      </form>
    </nav>
  )
}

function Footer() {
  return (
    <footer class="foot">
      <div class="wide">
        <p>Cairn {version}, a package registry at the edge</p>
        <a href="/">Owners</a>
        <a href={PROBLEMS_PATH}>API</a>
        <a href="/api/healthz">Health</a>
      </div>
    </footer>
  )
}
