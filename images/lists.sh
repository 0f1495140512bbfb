#!/usr/bin/env bash
# Copies out of both images what they are made of: images/lists.sh FUNCTIONS_IMAGE RUNNER_IMAGE
set -euo pipefail

engine=${ENGINE:-docker}
mkdir -p lists

# IMAGE FILE TARGET
copy() {
  local container
  container=$("$engine" create "$1")
  "$engine" cp "$container:$2" "lists/$3"
  "$engine" rm "$container" >/dev/null
}
copy "$1" /usr/share/paddock/packages.cdx.json functions.packages.cdx.json
copy "$2" /usr/share/paddock/packages.cdx.json runner.packages.cdx.json
copy "$2" /usr/share/paddock/packages.txt runner.packages.txt
