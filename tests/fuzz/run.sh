#!/usr/bin/env bash
# run.sh BUILD_DIR SECONDS: runs every fuzzer of a build for so long, from its seeds. Fails at the first finding, which
# is left in BUILD_DIR/findings.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$1
seconds=$2
mkdir -p "$build/findings"
found=0
for fuzzer in "$build"/bin/*_fuzzer; do
  name=$(basename "$fuzzer" _fuzzer)
  corpus=$build/corpus/$name
  mkdir -p "$corpus"
  options=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0
           -artifact_prefix="$build/findings/$name-")
  [ ! -f "$here/$name.dict" ] || options+=(-dict="$here/$name.dict")
  echo "$name: ${seconds} s"
  seeds=("$corpus")
  [ ! -d "$here/corpus/$name" ] || seeds+=("$here/corpus/$name")
  "$fuzzer" "${options[@]}" "${seeds[@]}" 2>&1 | tail -n 40 || found=1
done
exit $found
