# shellcheck shell=bash
# Sourced: the Python that the existing system runs on, in the cache. Wants common.sh and $cache.
# shellcheck disable=SC2154

python_packages=(pulsar-client==3.13.0 trustgraph-base==1.8.21)

# usable_python: prints a Python that can make an environment with packages from the net.
usable_python() {
  local candidate
  for candidate in "${OMNIBUS_PYTHON:-python3}" /usr/bin/python3; do
    if "$candidate" -c 'import ssl, venv, ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  return 1
}

# python_environment: prints the folder of an environment with the packages; makes it when it is not there.
python_environment() {
  local python folder
  folder=$cache/python-$(printf '%s\n' "${python_packages[@]}" | cksum | cut -d ' ' -f 1)
  if [ ! -f "$folder/ready" ]; then
    may_install "$folder"
    mkdir -p "$cache"
    (
      flock -n 8 || { say "waiting for another script that makes $folder"; flock 8; }
      [ ! -f "$folder/ready" ] || exit 0
      python=$(usable_python) || { install_packages python3-venv; python=$(usable_python); } ||
        die "no Python 3.11 with ssl and venv: install python3-venv, or name one in OMNIBUS_PYTHON"
      say "installing ${python_packages[*]} (once, into $folder)"
      rm -rf "$folder"
      "$python" -m venv "$folder" >&2
      "$folder/bin/pip" install --quiet --disable-pip-version-check "${python_packages[@]}" >&2 ||
        die "pip cannot install ${python_packages[*]}"
      touch "$folder/ready"
    ) 8>"$folder.lock"
  fi
  echo "$folder"
}
