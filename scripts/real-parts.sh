#!/bin/bash
# Installs the real servers and tools that the tests run against (Debian and Ubuntu). Idempotent: does nothing when all
# are there. No server is started: the tests start their own, on loopback, and stop them. Packages of npm that only tests
# run, and what Go builds, go into a cache folder: $REAL_PARTS_DIR, else registry-cleanup-parts in $XDG_CACHE_HOME or ~/.cache.
set -euo pipefail

# program=package
parts=(
  docker-registry=docker-registry
  skopeo=skopeo
  htpasswd=apache2-utils
  wrk=wrk
  openssl=openssl
  git=git
  cmark-gfm=cmark-gfm
  rsync=rsync
)

# The container image is built and run by the engine that is there. Where docker is, podman's runc would be in its way.
if ! command -v docker >/dev/null || ! docker info >/dev/null 2>&1; then
  parts+=(podman=podman runc=runc)
fi

# A package may put its program into sbin, which is not on every user's path.
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

programs_missing() {
  local part
  for part in "${parts[@]}"; do
    command -v "${part%%=*}" >/dev/null || echo "$part"
  done
}

# Prism holds the fake GitHub to GitHub's description (test/support/real-parts.ts knows the folder). Some 200 packages, one
# of which reports installations: so it is no dependency, no install script runs, and reporting is switched off.
prism=@stoplight/prism-cli@5.16.0
cache="${REAL_PARTS_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/registry-cleanup-parts}"
prism_folder="$cache/prism-5.16.0"
if [ -e "$prism_folder/complete" ]; then
  echo "real-parts: $prism is there"
else
  echo "real-parts: installing $prism into $prism_folder"
  mkdir -p "$prism_folder"
  SCARF_ANALYTICS=false DO_NOT_TRACK=1 npm install --prefix "$prism_folder" --ignore-scripts --no-audit --no-fund --loglevel=error "$prism"
  touch "$prism_folder/complete"
fi

# act runs workflows on this machine (test/real/workflows.test.ts). It comes as source only.
act=github.com/nektos/act@v0.2.89
act_folder="$cache/act-0.2.89"
if [ -x "$act_folder/act" ]; then
  echo "real-parts: $act is there"
elif ! command -v go >/dev/null; then
  echo "real-parts: building $act needs Go 1.24 or newer (https://go.dev/dl): the tests that run workflows will be missing" >&2
else
  echo "real-parts: building $act into $act_folder (some minutes)"
  # A module cache of its own, and gone afterwards: it has ten times the size of the program. Moved, so that half a one is none.
  building=$(mktemp -d)
  GOFLAGS=-modcacherw GOPATH="$building/go" GOBIN="$building/bin" go install "$act"
  mkdir -p "$act_folder"
  mv "$building/bin/act" "$act_folder/act"
  rm -rf "$building"
fi

# A real API server of Kubernetes with its etcd, controllers and kubectl (test/support/kube-apiserver.ts): as source only, too. What it
# is built from stands in a go.mod of the tests, and the checksum of every source beside it.
kubernetes_module=$(cd "$(dirname "$0")/../test/real/kube-apiserver" && pwd)
kubernetes=$(sed -n 's#^[[:space:]]*k8s.io/kubernetes v\([0-9.]*\)\( .*\)*$#\1#p' "$kubernetes_module/go.mod")
kubernetes_folder="$cache/kubernetes-$kubernetes"
kubernetes_programs=(kube-apiserver kube-controller-manager kubectl)
has_kubernetes() {
  local program
  for program in "${kubernetes_programs[@]}" etcd; do
    [ -x "$kubernetes_folder/$program" ] || return 1
  done
}
build_kubernetes() {
  local building=$1 version=k8s.io/component-base/version program
  # The build cache of 2 GB goes with the sources; without the -X flags the server would say that it is v0.0.0-master.
  local release="-X $version.gitVersion=v$kubernetes -X $version.gitMajor=${kubernetes%%.*} -X $version.gitMinor=$(cut -d. -f2 <<<"$kubernetes")"
  export CGO_ENABLED=0 GOFLAGS='-modcacherw -mod=readonly -buildvcs=false' GOPATH="$building/go" GOCACHE="$building/cache"
  mkdir -p "$building/bin"
  cd "$kubernetes_module"
  for program in "${kubernetes_programs[@]}"; do
    go build -trimpath -ldflags "-s -w $release" -o "$building/bin/$program" "k8s.io/kubernetes/cmd/$program"
  done
  go build -trimpath -ldflags '-s -w' -o "$building/bin/etcd" go.etcd.io/etcd/server/v3
}
if has_kubernetes; then
  echo "real-parts: kube-apiserver $kubernetes is there"
elif ! command -v go >/dev/null; then
  echo "real-parts: building kube-apiserver needs Go 1.26 or newer (https://go.dev/dl): the tests on a real Kubernetes API will be missing" >&2
else
  echo "real-parts: building kube-apiserver $kubernetes, its etcd, controllers and kubectl into $kubernetes_folder (8 minutes or more on 2 cores, 4 GB in a temporary folder)"
  building=$(mktemp -d)
  start=$SECONDS
  (
    trap '[ $? -eq 0 ] || rm -rf "$building"' EXIT
    build_kubernetes "$building"
  )
  # Moved within one file system: half a folder is none.
  rm -rf "$kubernetes_folder" "$kubernetes_folder.new"
  mkdir -p "$cache"
  mv "$building/bin" "$kubernetes_folder.new"
  mv "$kubernetes_folder.new" "$kubernetes_folder"
  rm -rf "$building"
  echo "real-parts: built in $((SECONDS - start)) seconds"
fi

# CNCF distribution v3, the registry behind the fake GitLab (test/fakes/gitlab): Debian has its forerunner only. Pinned by a go.mod, too.
distribution_module=$(cd "$(dirname "$0")/../test/real/distribution" && pwd)
distribution=$(sed -n 's#^[[:space:]]*github.com/distribution/distribution/v3 v\([0-9.]*\)\( .*\)*$#\1#p' "$distribution_module/go.mod")
distribution_folder="$cache/distribution-$distribution"
build_distribution() {
  local building=$1 package=github.com/distribution/distribution/v3
  export CGO_ENABLED=0 GOFLAGS='-modcacherw -mod=readonly -buildvcs=false' GOPATH="$building/go" GOCACHE="$building/cache"
  mkdir -p "$building/bin"
  cd "$distribution_module"
  go build -trimpath -ldflags "-s -w -X $package/version.version=v$distribution" -o "$building/bin/registry" "$package/cmd/registry"
}
if [ -x "$distribution_folder/registry" ]; then
  echo "real-parts: distribution $distribution is there"
elif ! command -v go >/dev/null; then
  echo "real-parts: building distribution needs Go 1.26 or newer (https://go.dev/dl): the tests at a GitLab will be missing" >&2
else
  echo "real-parts: building distribution $distribution into $distribution_folder (2 minutes or more on 2 cores, 1 GB in a temporary folder)"
  building=$(mktemp -d)
  start=$SECONDS
  (
    trap '[ $? -eq 0 ] || rm -rf "$building"' EXIT
    build_distribution "$building"
  )
  rm -rf "$distribution_folder" "$distribution_folder.new"
  mkdir -p "$cache"
  mv "$building/bin" "$distribution_folder.new"
  mv "$distribution_folder.new" "$distribution_folder"
  rm -rf "$building"
  echo "real-parts: built in $((SECONDS - start)) seconds"
fi

# Docker's engine in two generations (test/support/docker-engine.ts), unpacked beside the system and not installed: no service, and podman's
# runc stays what it is. Debian's packages, by the machine's own mirror, with lists and state of apt's in the cache folder.
unpack_debian() {
  local folder=$1 suite=$2 apt="$cache/apt-$2" mirror file
  shift 2
  mirror=$(sed -nE 's#^(URIs:|deb( \[[^]]*\])?) *(https?://[^ ]*/debian)/?( .*)?$#\3#p' \
    /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list /etc/apt/sources.list 2>/dev/null | head -n 1)
  [ -n "$mirror" ] || return 1
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/packages" "$folder"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$apt/suite.list"
  local options=(-q -o Dir::Etc::sourcelist="$apt/suite.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$apt/lists"
    -o Dir::Cache="$apt/cache" -o Dir::State::status=/dev/null -o APT::Sandbox::User=)
  # Called as a condition, where bash ends nothing by itself.
  apt-get "${options[@]}" update >/dev/null || return 1
  (cd "$apt/packages" && apt-get "${options[@]}" download "$@" >/dev/null) || return 1
  for file in "$apt/packages"/*.deb; do dpkg -x "$file" "$folder" || return 1; done
  rm -rf "$apt"
}
# Folder, suite and packages. Newer suites' runc wants a newer libc than bookworm's: both engines use the first folder's.
docker_engines=(
  "docker-20.10 bookworm docker.io containerd runc busybox-static"
  "docker-26 trixie docker.io docker-cli docker-buildx containerd"
)
for engine in "${docker_engines[@]}"; do
  read -r name suite packages <<<"$engine"
  if [ -e "$cache/$name/complete" ]; then
    echo "real-parts: $name is there"
  elif ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
    echo "real-parts: $name comes as packages of Debian, and this machine has no apt-get: the tests on a real Docker engine will be missing" >&2
  else
    echo "real-parts: unpacking $name into $cache/$name"
    rm -rf "$cache/$name" "$cache/$name.new"
    # shellcheck disable=SC2086 # a list of words
    if unpack_debian "$cache/$name.new" "$suite" $packages; then
      touch "$cache/$name.new/complete"
      mv "$cache/$name.new" "$cache/$name"
    else
      echo "real-parts: $name cannot be had from this machine's sources: the tests on a real Docker engine will be missing" >&2
    fi
  fi
done

mapfile -t missing < <(programs_missing)
if [ "${#missing[@]}" -eq 0 ]; then
  echo "real-parts: all there (${parts[*]%%=*})"
  exit 0
fi
packages=("${missing[@]#*=}")
echo "real-parts: missing: ${missing[*]%%=*}"

if ! command -v apt-get >/dev/null; then
  echo "real-parts: this machine has no apt-get. Install by hand what gives these programs: ${missing[*]%%=*}" >&2
  exit 1
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=(sudo -n)
  else
    echo "real-parts: installing needs root. Run: sudo apt-get install --no-install-recommends ${packages[*]}" >&2
    exit 1
  fi
fi

# docker-registry brings a service; policy-rc.d keeps the package from starting it. A policy that is there already stays.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod 755 "$policy"
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
fi

apt() {
  # Waits for another apt to finish instead of failing.
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@"
}

# Package lists may be missing (container images come without) or too old; then they are read, and once only.
if ! apt install -y --no-install-recommends "${packages[@]}"; then
  echo "real-parts: reading the package lists anew"
  apt update
  apt install -y --no-install-recommends "${packages[@]}"
fi

mapfile -t missing < <(programs_missing)
if [ "${#missing[@]}" -gt 0 ]; then
  echo "real-parts: still missing after the installation: ${missing[*]%%=*}" >&2
  exit 1
fi
echo "real-parts: installed ${packages[*]}"
