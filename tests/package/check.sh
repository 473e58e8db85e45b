#!/usr/bin/env bash
# check.sh find_package|pkg_config|subdirectory SOURCE BUILD COMPILER: builds and runs consumer.cpp that way.
set -euo pipefail
way=$1 source=$2 build=$3 compiler=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
package="$source/tests/package"

install_tree() {
  cmake --install "$build" --prefix "$work/prefix" >"$work/install.log" || { cat "$work/install.log"; exit 1; }
}

case $way in
  find_package)
    install_tree
    cmake -S "$package/find_package" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_CXX_COMPILER="$compiler"
    cmake --build "$work/build"
    "$work/build/consumer" ;;
  pkg_config)
    install_tree
    export PKG_CONFIG_PATH
    PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name omnibus.pc)")
    # shellcheck disable=SC2046 # pkg-config's words are meant to split
    "$compiler" "$package/consumer.cpp" -o "$work/consumer" \
      $(pkg-config --define-variable=prefix="$work/prefix" --static --cflags --libs omnibus)
    "$work/consumer" ;;
  subdirectory)
    cmake -S "$package/subdirectory" -B "$work/build" -G Ninja -DOMNIBUS_SOURCE="$source" -DCMAKE_CXX_COMPILER="$compiler"
    cmake --build "$work/build" --target consumer
    "$work/build/consumer" ;;
  *) echo "unknown way: $way" >&2; exit 2 ;;
esac
