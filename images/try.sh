#!/usr/bin/env bash
# Tries both images where an engine is: images/try.sh FUNCTIONS_IMAGE RUNNER_IMAGE
# Ends with 1 and a sentence at the first thing that isn't as it should be.
set -euo pipefail

functions=$1
runner=$2
engine=${ENGINE:-docker}

fail() {
  echo "✗ $1" >&2
  exit 1
}
passed() { echo "✓ $1"; }
of() { "$engine" image inspect --format "$2" "$1"; }

# What a program of a person's own may count on inside a sandbox.
tools="awk bash bc bzip2 c++ cc cmake curl diff file find git gzip jq less make node npm npx patch
  perl pip3 pkg-config ps python python3 rg rsync sed sqlite3 ssh tar tree unzip xz zip"
# What the launcher starts.
programs="bwrap chown mkfifo mount nsenter prlimit setpriv sh umount"

[ "$(of "$functions" '{{.Config.User}}')" = 65532:65532 ] ||
  fail "The functions' image doesn't run as 65532."
said=$("$engine" run --rm --network none "$functions") && fail "No FUNCTION_TARGET is accepted."
[[ $said == *"is no function"* ]] || fail "An unknown function isn't refused by name: $said"
"$engine" run --rm --entrypoint /bin/sh "$functions" -c true 2>/dev/null &&
  fail "The functions' image has a shell."
passed "functions: user, refusal of an unknown target, no shell"

# As Cloud Run starts it, and with less: nothing can be written, no capability is left. The options
# are those that dist/functions.json has for `meta`, and compiled code depends on them.
memory_mib=256
meta=$("$engine" run --detach --read-only --cap-drop ALL --security-opt no-new-privileges \
  --network none --env FUNCTION_TARGET=meta --env GOOGLE_CLOUD_PROJECT=try \
  --env "NODE_OPTIONS=--max-old-space-size=$((memory_mib / 2)) --max-semi-space-size=8" \
  "$functions")
trap '"$engine" rm --force "$meta" >/dev/null' EXIT
ask='const at = "http://127.0.0.1:8080/v1/health";
const until = Date.now() + 20_000;
const ask = () => fetch(at).then(({ status }) => process.exit(status === 200 ? 0 : 1), () => {
  if (Date.now() > until) process.exit(1);
  setTimeout(ask, 50);
});
ask();'
"$engine" exec "$meta" /usr/local/bin/node -e "$ask" || fail "meta doesn't answer /v1/health."
"$engine" logs "$meta" 2>&1 | grep -q "Nothing compiled fits" &&
  fail "The compiled code in the image doesn't fit the image's own Node."
passed "functions: meta answers, read-only, without capabilities, from compiled code"

user=$(of "$runner" '{{.Config.User}}')
[ "$user" = root ] || fail "The runner's launcher must be root, not \"$user\"."
"$engine" run --rm --network none --entrypoint /bin/sh "$runner" -c '
  for name in '"${tools//$'\n'/ } $programs"'; do
    command -v "$name" >/dev/null || { echo "✗ $name is missing." >&2; exit 1; }
  done
  [ -z "$(find / -xdev -perm /6000 -type f)" ] || { echo "✗ Set-uid programs are left." >&2; exit 1; }
  for name in launcher supervisor init; do
    for file in $name.cjs $name.code.js $name.code.cache; do
      [ -r /opt/runner/$file ] || { echo "✗ $file is missing." >&2; exit 1; }
    done
  done' || fail "The runner's image isn't complete."
said=$("$engine" run --rm --network none "$runner" 2>&1) && fail "The runner runs without a task."
[[ $said == *'"severity":"ERROR"'* ]] || fail "The runner doesn't say why it ends: $said"
passed "runner: programs, no set-uid bits, an end without a task that says why"
