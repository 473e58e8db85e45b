#!/usr/bin/env bash
# tidy.sh COUNT FILE: runs clang-tidy on FILE of this tree, unless nothing it reads changed since it passed last.
# Needs a configured build/dev; what passed is remembered in build/tidy. Exit status 1 when something is off.
set -euo pipefail
cd "$(dirname "$0")/../.."
count=$1 file=$2

# The compiler's flags for FILE; a file that no target builds gets those of a program that uses the library.
mapfile -t flags < <(sed -n "s|^  \"command\": \"[^ ]* \(.*\) -o [^ ]* -c $PWD/$file\",\$|\1|p" \
  build/dev/compile_commands.json | head -n 1 | tr ' ' '\n')
[ ${#flags[@]} -gt 0 ] || flags=(-std=c++20 -Wall -Wextra "-I$PWD/include")
flags+=(-Wno-unknown-warning-option)

# What it reads of this tree, without comments; nothing when it does not compile: clang-tidy then says why.
read_files() {
  clang++-14 "${flags[@]}" -w -MM "$file" 2>/dev/null | sed 's/^[^ ]*: //; s/ \\$//' | tr ' ' '\n' | grep . | sort -u |
    xargs -r sed '/NOLINT/!s|^ *//.*||; /^$/d'
}
key=$({ clang-tidy-14 --version; echo "${flags[@]}"; cat .clang-tidy; read_files; } | sha256sum | cut -c 1-40)

if [ -e "build/tidy/$key.passed" ]; then
  printf '%s %s: unchanged\n' "$count" "$file"
elif output=$(clang-tidy-14 --quiet --warnings-as-errors='*' "$file" -- "${flags[@]}" 2>&1); then
  touch "build/tidy/$key.passed"
  printf '%s %s\n' "$count" "$file"
else
  printf '%s %s: FAILED\n%s\n' "$count" "$file" "$(grep -v 'warnings generated\|warnings treated as errors' <<<"$output")"
  exit 1
fi
