#!/usr/bin/env bash
# check.sh find_package|pkg_config|subdirectory|shared SOURCE BUILD COMPILER: builds and runs consumer.cpp that way.
set -euo pipefail
way=$1 source=$2 build=$3 compiler=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
package="$source/tests/package"

# install_tree BUILD
install_tree() {
  cmake --install "$1" --prefix "$work/prefix" >"$work/install.log" || { cat "$work/install.log"; exit 1; }
}

use_find_package() {
  cmake -S "$package/find_package" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_CXX_COMPILER="$compiler"
  cmake --build "$work/build"
  "$work/build/consumer"
}

use_pkg_config() {
  export PKG_CONFIG_PATH
  PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name omnibus.pc)")
  # shellcheck disable=SC2046 # pkg-config's words are meant to split
  "$compiler" "$package/consumer.cpp" -o "$work/consumer" \
    $(pkg-config --define-variable=prefix="$work/prefix" "$@" --cflags --libs omnibus)
  LD_LIBRARY_PATH=$(dirname "$PKG_CONFIG_PATH") "$work/consumer"
}

# The shared library exports names of omnibus and no other, none of a backend; its name carries major.minor.
check_exports() {
  local library strangers
  library=$(find "$work/prefix" -name libomnibus.so)
  nm -D --defined-only -C "$library" | cut -d ' ' -f 3- >"$work/exported"
  grep -q '^omnibus::connect(' "$work/exported"
  strangers=$(grep -vE '^((vtable|typeinfo|typeinfo name) for )?omnibus::' "$work/exported" ||
    grep -E '^omnibus::(embedded|pulsar|mqtt|kafka|rabbitmq|redis|nats)::' "$work/exported" || true)
  [ -z "$strangers" ] || { printf 'exported, but not ours to export:\n%s\n' "$strangers"; exit 1; }
  readelf -d "$library" | grep -qE 'SONAME.*\[libomnibus\.so\.[0-9]+\.[0-9]+\]'
}

case $way in
  find_package)
    install_tree "$build"
    use_find_package ;;
  pkg_config)
    install_tree "$build"
    use_pkg_config --static ;;
  subdirectory)
    cmake -S "$package/subdirectory" -B "$work/build" -G Ninja -DOMNIBUS_SOURCE="$source" -DCMAKE_CXX_COMPILER="$compiler"
    cmake --build "$work/build" --target consumer
    "$work/build/consumer" ;;
  shared)
    cmake -S "$source" -B "$build/package-shared" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" -DBUILD_SHARED_LIBS=ON \
      -DOMNIBUS_BUILD_TESTS=OFF -DOMNIBUS_BUILD_EXAMPLES=OFF -DOMNIBUS_BUILD_SERVICES=OFF
    cmake --build "$build/package-shared"
    install_tree "$build/package-shared"
    check_exports
    use_find_package
    use_pkg_config ;;
  *) echo "unknown way: $way" >&2; exit 2 ;;
esac
