#!/usr/bin/env bash
# run.sh --program OMNIBUS [--screenshots FOLDER] [MODULE[.CLASS[.TEST]]…]: the web page of OMNIBUS in a headless Chromium;
# with --screenshots it makes pictures of the page instead.
# OMNIBUS_INSTALL=no: what is not there is a skip (status 77) instead of a download.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../scripts/lib/common.sh"
. "$root/scripts/lib/broker.sh"
. "$root/scripts/lib/python.sh"

screenshots=
while [ $# -gt 0 ]; do
  case $1 in
    --program) OMNIBUS_INTEROP_PROGRAM=$(realpath -- "$2"); export OMNIBUS_INTEROP_PROGRAM; shift 2 ;;
    --screenshots) screenshots=$(realpath -m -- "$2"); shift 2 ;;
    -h | --help) sed -n '2,4s/^# //p' "$0"; exit 0 ;;
    -*) echo "run.sh: unknown option $1" >&2; exit 2 ;;
    *) break ;;
  esac
done
[ -n "${OMNIBUS_INTEROP_PROGRAM:-}" ] || { echo "run.sh: --program is missing" >&2; exit 2; }
[ $# -gt 0 ] || set -- test_page

install_packages "${page_packages[@]}"
python=$(usable_python) || { install_packages python3-venv; python=$(usable_python); }
export PYTHONDONTWRITEBYTECODE=1
cd "$here"
[ -z "$screenshots" ] || exec "$python" screenshots.py "$screenshots"
exec "$python" -m unittest --verbose "$@"
