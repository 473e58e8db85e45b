# shellcheck shell=bash
# Sourced by the scripts: places, messages, packages, builds.
# shellcheck disable=SC2034 # the lists of packages are for the scripts that source this
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
jobs=${OMNIBUS_JOBS:-$(nproc)}

say() { printf '\033[1m== %s\033[0m\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

build_packages=(g++ cmake ninja-build pkg-config libboost1.81-dev libboost-json1.81-dev libssl-dev libsqlite3-dev
  libcli11-dev libspdlog-dev libfmt-dev prometheus-cpp-dev zlib1g-dev libcurl4-openssl-dev
  libprotobuf-dev protobuf-compiler liblz4-dev libzstd-dev libsnappy-dev libvalijson-dev libpcre2-dev
  libc-ares-dev)
test_packages=(libgtest-dev libgmock-dev libbenchmark-dev nlohmann-json3-dev rapidjson-dev libsimdjson-dev
  clang-14 libclang-rt-14-dev clang-format-14 shellcheck)
page_packages=(chromium)
demo_packages=(curl ca-certificates)
mqtt_packages=(mosquitto mosquitto-clients openssl)

# on_ci: what is missing there is a failure.
on_ci() { case ${CI:-} in '' | 0 | no | false) return 1 ;; *) return 0 ;; esac; }

# may_install WHAT: with OMNIBUS_INSTALL=no ends the script instead, as a skip (77), on CI as a failure.
may_install() {
  [ "${OMNIBUS_INSTALL:-yes}" = no ] || return 0
  ! on_ci || die "missing: $*"
  echo "skipped, missing: $*" >&2
  exit 77
}

# install_packages NAME…: installs what is missing; as root, or with sudo. No daemon of a package is started, now or at boot.
install_packages() {
  local missing=() package
  for package in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  may_install "${missing[*]}"
  local as_root=() policy=/usr/sbin/policy-rc.d daemons status=0
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "missing packages: ${missing[*]} (run as root, or install sudo)"
    as_root=(sudo)
  fi
  say "installing ${#missing[@]} Debian packages: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  if [ -e $policy ]; then policy=; else
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee $policy >/dev/null
    "${as_root[@]}" chmod 755 $policy
  fi
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    status=$?
  [ -z "$policy" ] || "${as_root[@]}" rm -f $policy
  [ $status -eq 0 ] || return $status
  mapfile -t daemons < <(dpkg-query -L "${missing[@]}" | sed -n 's|^\(/usr\)\?/lib/systemd/system/\([^/@]*\.service\)$|\2|p')
  [ ${#daemons[@]} -eq 0 ] || ! command -v systemctl >/dev/null ||
    "${as_root[@]}" systemctl disable --quiet "${daemons[@]}" || say "services that start at boot: ${daemons[*]}"
}

# build_preset PRESET [TARGET…] [-- CMAKE-OPTION…]: configures and builds build/PRESET.
build_preset() {
  local preset=$1 targets=() options=()
  shift
  while [ $# -gt 0 ] && [ "$1" != -- ]; do targets+=("$1"); shift; done
  [ $# -eq 0 ] || { shift; options=("$@"); }
  if command -v ccache >/dev/null; then
    export CMAKE_CXX_COMPILER_LAUNCHER=ccache CCACHE_BASEDIR="$root" CCACHE_NOHASHDIR=1
  fi
  ! on_ci || options+=(-DOMNIBUS_WERROR=ON)
  say "building $preset"
  (cd "$root" && cmake --preset "$preset" "${options[@]}" >/dev/null) || die "cmake failed for preset $preset"
  cmake --build "$root/build/$preset" --parallel "$jobs" ${targets[@]:+--target "${targets[@]}"}
}
