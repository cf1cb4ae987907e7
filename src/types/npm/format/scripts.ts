// Scripts of a package that clients run when they install it.
import { isJsonObject, type JsonObject, memberOf } from '../../../formats/text/json-value.ts'

export const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall'] as const

/**
 * Whether clients have something to run, which documents say so that they need not look.
 * @param hasBindings whether there is a binding.gyp, which clients build where no script says what to do instead
 */
export function hasInstallScript(manifest: JsonObject, hasBindings: boolean): boolean {
  const scripts = memberOf(manifest, 'scripts')
  if (hasBindings && memberOf(manifest, 'gypfile') !== false) return true
  return isJsonObject(scripts) && INSTALL_SCRIPTS.some((name) => Boolean(memberOf(scripts, name)))
}
