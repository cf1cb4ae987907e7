// How the scripts run wrangler: the one that is installed here, in this project's folder, with the
// switches that keep it quiet and away from the network.
import { join } from 'node:path'

export const projectDirectory = join(import.meta.dirname, '..')

export const wranglerProgram = join(projectDirectory, 'node_modules/wrangler/bin/wrangler.js')

/** Switches that a user has set in the environment stay as they are. */
export function wranglerEnvironment(): NodeJS.ProcessEnv {
  return {
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_SEND_ERROR_REPORTS: 'false',
    WRANGLER_HIDE_BANNER: 'true',
    ...process.env,
  }
}

/** Local development needs no request to anybody, and half the time went into tracing it. */
export function localEnvironment(): NodeJS.ProcessEnv {
  return {
    CLOUDFLARE_CF_FETCH_ENABLED: 'false',
    X_LOCAL_OBSERVABILITY: 'false',
    X_LOCAL_EXPLORER: 'false',
    ...wranglerEnvironment(),
  }
}
