// Debian's Chromium, driven by playwright-core, which brings no browser of its own. The switches keep it
// from asking its maker's hosts for anything.
import { access, constants } from 'node:fs/promises'
import { type Browser, chromium } from 'playwright-core'

const EXECUTABLE = '/usr/bin/chromium'

/** @throws Error where there is none, with what to do */
export async function requireChromium(): Promise<void> {
  try {
    await access(EXECUTABLE, constants.X_OK)
  } catch (cause) {
    throw new Error(`no ${EXECUTABLE}: apt-get install -y chromium`, { cause })
  }
}

export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ],
  })
}
