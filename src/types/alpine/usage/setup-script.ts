// PURE: setup.sh, which adds a repository to an Alpine and removes it again. POSIX sh with what
// busybox has. Facts about apk 2 and 3 that it rests on:
// - both read /etc/apk/repositories.d/*.list, and skip lines that begin with `#`;
// - of URLs in `.list` files both take user and password, send them at once, and show `*` for them;
//   .netrc means nothing to apk before 2.14.10, and has one password for all owners of a host;
// - both name a cached index by the digest of its URL, the password in it included.
import type { SigningKey } from '../../../core/signing-keys.ts'
import { quoteShell } from '../../../formats/text/shell.ts'
import type { AlpinePlace } from './place.ts'

export type PublicKey = Pick<SigningKey, 'publicPem' | 'fingerprint'> & {
  readonly fileName: string
}

/** The script for one repository. */
export function formatSetupScript(place: AlpinePlace, keys: readonly PublicKey[]): string {
  const { owner, repository, repositoryUrl, host, isPrivate } = place
  return `#!/bin/sh
# Adds the repository ${repository} of ${owner} at ${host} to apk, for Alpine Linux:
# trusts the public keys below, writes one file to /etc/apk/repositories.d, fetches the index.
# --uninstall takes back what it did, --help says more. Nothing is done before the last line.
set -eu

OWNER=${quoteShell(owner)}
REPOSITORY=${quoteShell(repository)}
URL=${quoteShell(repositoryUrl)}
PRIVATE=${isPrivate ? 'yes' : 'no'}
LIST=${quoteShell(`${owner}-${repository.replace('/', '-')}.list`)}

# The keys that sign the index, in files of the names that its signatures give.
write_keys() {
${keys.map(formatKey).join('\n')}
}
${BODY}`
}

function formatKey({ fileName, publicPem, fingerprint }: PublicKey): string {
  return `  # SHA-256 ${fingerprint}
  cat > "$1"/${quoteShell(fileName)} << 'PEM'
${publicPem.trimEnd()}
PEM`
}

const BODY = `
help() {
  echo "Adds the repository $REPOSITORY of $OWNER to apk:"
  if [ "$PRIVATE" = yes ]; then
    echo
    echo '  export CAIRN_TOKEN=...'
    echo "  wget -qO- --header \\"Authorization: Bearer \\$CAIRN_TOKEN\\" $URL/setup.sh | sh"
    echo
    echo 'The owner is private. The token, which needs the scope read, is taken from CAIRN_TOKEN or'
    echo 'asked for, and kept in a file that only root can read. With HTTP_AUTH set and no token,'
    echo 'none is kept: then every apk has to be given HTTP_AUTH.'
  else
    echo
    echo "  wget -qO- $URL/setup.sh | sh"
  fi
  echo
  echo 'Options, after "sh -s --":'
  echo '  --root DIR    another root than /, as for apk'
  echo '  --uninstall   remove what this script added'
  echo '  --help        only say this'
}

main() {
  root= action=install
  while [ $# -gt 0 ]; do
    case $1 in
      --root)
        [ $# -gt 1 ] || fail '--root needs a folder'
        # apk takes some paths as relative to its root and some not.
        root=$(cd "$2" && pwd)
        shift
        ;;
      --uninstall) action=uninstall ;;
      --help | -h) action=help ;;
      *) fail "there is no option $1: see --help" ;;
    esac
    shift
  done
  root=\${root%/}
  etc=$root/etc/apk
  list=$etc/repositories.d/$LIST
  [ "$action" = help ] || require_alpine
  $action
}

fail() {
  echo "setup.sh: $1" >&2
  exit 1
}

require_alpine() {
  command -v apk > /dev/null && [ -d "$etc" ] || fail "no Alpine Linux: $etc or apk is missing"
  [ -w "$etc" ] || fail "$etc cannot be written: run this as root"
  # Names of files leave out the host.
  [ ! -e "$list" ] || grep -qF "# By $URL/setup.sh" "$list" ||
    fail "$list is about another repository: move it away first"
}

install() {
  stage= terminal=
  trap 'rm -rf "$stage"; [ -z "$terminal" ] || stty "$terminal" < /dev/tty' EXIT
  trap 'exit 1' HUP INT TERM
  # On the file system of its targets, so that each appears there complete or not at all.
  stage=$(mktemp -d "$etc/.setup.XXXXXX")
  mkdir "$stage/keys"
  write_keys "$stage/keys"
  keys=$(ls "$stage/keys")
  for key in $keys; do check_key "$key"; done
  token=
  [ "$PRIVATE" = no ] || read_token
  # Before anything is changed, and with no other key than those above.
  echo "$(address)" > "$stage/list"
  run_apk --keys-dir "$stage/keys" --repositories-file "$stage/list" --force-refresh update ||
    fail 'apk cannot use the repository: nothing was changed'
  put_in_place
  report
}

# A key that somebody put there is left alone, and so is another one of its name.
check_key() {
  [ ! -e "$etc/keys/$1" ] || is_ours "keys/$1" || cmp -s "$stage/keys/$1" "$etc/keys/$1" ||
    fail "$etc/keys/$1 is another key: remove it if you trust this registry"
}

read_token() {
  token=\${CAIRN_TOKEN-}
  [ -n "$token" ] || [ -n "\${HTTP_AUTH-}" ] || ask_token
  case $token in
    *[!A-Za-z0-9._~-]*) fail 'this is no access token: it has characters that none has' ;;
  esac
}

# Standard input is this script, so the answer comes from the terminal.
ask_token() {
  (: < /dev/tty) 2> /dev/null || fail "$OWNER is private: set CAIRN_TOKEN to an access token"
  terminal=$(stty -g < /dev/tty)
  stty -echo < /dev/tty
  printf 'Access token of %s (not shown): ' "$OWNER" > /dev/tty
  IFS= read -r token < /dev/tty || :
  stty "$terminal" < /dev/tty
  terminal=
  echo > /dev/tty
  [ -n "$token" ] || fail 'no token was given'
}

# The line for apk.
address() {
  echo "\${URL%%//*}//\${token:+cairn:$token@}\${URL#*//}"
}

run_apk() {
  apk \${root:+--root "$root"} --wait 60 "$@"
}

put_in_place() {
  # What is added and the list of it belong together.
  trap '' HUP INT TERM
  added=
  add_folder keys
  add_folder repositories.d
  for key in $keys; do add_key "$key"; done
  {
    echo "# By $URL/setup.sh, whose --uninstall removes this file and what it added:"
    for path in $added; do echo "# added $path"; done
    address
  } > "$stage/list"
  chmod "$([ -n "$token" ] && echo 600 || echo 644)" "$stage/list"
  before=
  if [ -e "$list" ]; then
    [ "$(sed '/^#/d' "$list")" = "$(address)" ] || forget_index
    before=$(added_by "$list")
  fi
  mv "$stage/list" "$list"
  # A key that is no longer the registry's is no longer to be trusted.
  for path in $before; do remove_key "$path"; done
}

# Whether some file of this script's says that it was added.
is_ours() {
  cat "$etc"/repositories.d/*.list 2> /dev/null | grep -qxF "# added $1"
}

added_by() {
  sed -n 's/^# added //p' "$1"
}

# The last one that was added is the first to be removed.
add_folder() {
  if [ -d "$etc/$1" ]; then
    is_ours "$1" || return 0
  else
    mkdir -m 755 "$etc/$1"
  fi
  added="$added$1 "
}

add_key() {
  if [ -e "$etc/keys/$1" ] && ! is_ours "keys/$1"; then return; fi
  chmod 644 "$stage/keys/$1"
  mv "$stage/keys/$1" "$etc/keys/$1"
  added="keys/$1 $added"
}

report() {
  echo "Added $REPOSITORY of $OWNER in $list. Trusted:"
  for key in $keys; do
    echo "  $etc/keys/$key"
    echo "  SHA-256 $(sed '/^-/d' "$etc/keys/$key" | base64 -d | sha256sum | cut -d ' ' -f 1)"
  done
  [ -z "$token" ] || echo "The token is in $list, which only root can read."
}

uninstall() {
  if [ ! -e "$list" ]; then
    echo "$REPOSITORY of $OWNER is not here: nothing to remove"
    return
  fi
  forget_index
  before=$(added_by "$list")
  rm "$list"
  for path in $before; do
    case $path in
      keys | repositories.d) rmdir "$etc/$path" 2> /dev/null || : ;;
      *) is_used || remove_key "$path" ;;
    esac
  done
  echo "Removed $REPOSITORY of $OWNER"
}

# Whether another line needs the owner's keys, be it one that somebody wrote.
is_used() {
  place=\${URL#*//}
  cat "$etc/repositories" "$etc"/repositories.d/*.list 2> /dev/null |
    grep -qF "\${place%"$REPOSITORY"}"
}

# Unless another file of this script's has it too.
remove_key() {
  case $1 in
    keys/*/*) ;;
    keys/?*) is_ours "$1" || rm -f "$etc/$1" ;;
  esac
}

# A cached index is named by the digest of its address: SHA-1 or SHA-256, as the version of apk has it.
forget_index() {
  arch=$(cat "$etc/arch" 2> /dev/null || apk --print-arch)
  index=$(sed '/^#/d' "$list")/\${arch%%[!a-z0-9_]*}/APKINDEX.tar.gz
  for digest in sha1sum sha256sum; do
    name=APKINDEX.$(printf %s "$index" | $digest | cut -c 1-8).tar.gz
    rm -f "$root/var/cache/apk/$name" "$etc/cache/$name"
  done
}

# In braces, so that a download that ended early is no command.
{ main "$@"; exit; }
`
