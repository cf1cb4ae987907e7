// A cairn: stones on top of each other. Its colours come from the style.

export function Logo() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <ellipse class="stone-1" cx="17" cy="6.5" rx="4.5" ry="3" />
      <path
        class="stone-2"
        d="M9 13.2c0-2.1 3-3.4 7.4-3.4s7.1 1.2 7.1 3.3-3 3.3-7.2 3.3S9 15.3 9 13.2z"
      />
      <path
        class="stone-1"
        d="M6.6 20.2c0-2 4-3.4 9.6-3.4 5.2 0 8.6 1.4 8.6 3.4s-3.6 3.3-8.9 3.3-9.3-1.2-9.3-3.3z"
      />
      <path
        class="stone-3"
        d="M3.5 27.3c0-2.2 5.1-3.7 12.5-3.7s12.5 1.4 12.5 3.6-4.8 3.4-12.3 3.4S3.5 29.5 3.5 27.3z"
      />
    </svg>
  )
}

/** The same with colours of its own, for a browser's tab. */
export const FAVICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<style>.a{fill:#8a8f94}.b{fill:#6d7378}.c{fill:#4f555a}@media(prefers-color-scheme:dark){.a{fill:#c3c8cc}.b{fill:#9aa1a7}.c{fill:#767d84}}</style>
<ellipse class="a" cx="17" cy="6.5" rx="4.5" ry="3"/>
<path class="b" d="M9 13.2c0-2.1 3-3.4 7.4-3.4s7.1 1.2 7.1 3.3-3 3.3-7.2 3.3S9 15.3 9 13.2z"/>
<path class="a" d="M6.6 20.2c0-2 4-3.4 9.6-3.4 5.2 0 8.6 1.4 8.6 3.4s-3.6 3.3-8.9 3.3-9.3-1.2-9.3-3.3z"/>
<path class="c" d="M3.5 27.3c0-2.2 5.1-3.7 12.5-3.7s12.5 1.4 12.5 3.6-4.8 3.4-12.3 3.4S3.5 29.5 3.5 27.3z"/>
</svg>`
