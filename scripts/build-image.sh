#!/bin/bash
# Builds the container image with the engine that is at hand: docker, podman or buildah, in this order.
#
#   scripts/build-image.sh [--base IMAGE] [--tag NAME] [--engine PROGRAM]
#
# With --base, an image on this machine that has Node 24 and git, nothing is fetched: the build has no network.
set -euo pipefail
cd "$(dirname "$0")/.."

tag=registry-cleanup:local
base=
engine=
while [ "$#" -gt 0 ]; do
  case "$1" in
    --base) base=${2:?--base needs an image} ;;
    --tag) tag=${2:?--tag needs a name} ;;
    --engine) engine=${2:?--engine needs a program} ;;
    *)
      echo "build-image: unknown word $1; known are --base, --tag and --engine" >&2
      exit 2
      ;;
  esac
  shift 2
done

answers() {
  command -v "$1" >/dev/null && "$1" info >/dev/null 2>&1
}
if [ -z "$engine" ]; then
  for program in docker podman buildah; do
    if answers "$program"; then
      engine=$program
      break
    fi
  done
fi
if [ -z "$engine" ]; then
  echo 'build-image: no container engine answers here: docker, podman or buildah is needed' >&2
  exit 3
fi
if [ ! -e dist/index.js ]; then
  echo 'build-image: dist/index.js is missing: npm run build' >&2
  exit 2
fi

words=(build --tag "$tag" --build-arg "REVISION=$(git rev-parse HEAD 2>/dev/null || echo unknown)")
if [ -n "$base" ]; then
  words+=(--build-arg "BASE=$base" --network none)
  # podman and buildah ask registries for a name that they do not know; docker takes its own anyway.
  if [ "$engine" != docker ]; then words+=(--pull=never); fi
fi
echo "build-image: $tag with $engine"
exec "$engine" "${words[@]}" .
