# shellcheck shell=bash
# Sourced: the Python that the existing system runs on, in the cache. Wants common.sh and $cache.
# shellcheck disable=SC2154

# All that is installed: of trustgraph-flow's dependencies, which come to gigabytes, only what its prompt-template and
# api-gateway import; paho-mqtt; moto, a server that speaks S3, with what it imports for that.
python_packages=(trustgraph-base==1.8.21 trustgraph-cli==1.8.21 trustgraph-flow==1.8.21 pulsar-client==3.13.0
  paho-mqtt==2.2.0
  aiohappyeyeballs==2.7.1 aiohttp==3.14.5 aiosignal==1.4.0 attrs==26.1.0 certifi==2026.10.19.post1 charset-normalizer==3.5.3
  frozenlist==1.8.0 ibis==3.3.0 idna==3.20 jsonschema==4.26.0 jsonschema-specifications==2025.9.1 msgpack==1.2.4
  multidict==7.2.1 prometheus_client==0.26.0 propcache==0.5.4 pyparsing==3.3.3 python-logging-loki==0.3.1 rdflib==7.6.0
  referencing==0.37.0 requests==2.34.2 rfc3339==6.2 rpds-py==2026.9.1 tabulate==0.10.0 typing_extensions==4.16.0
  urllib3==2.8.0 websockets==17.4 yarl==1.25.1
  moto==5.2.5 blinker==1.9.0 boto3==1.44.8 botocore==1.44.8 cffi==2.1.1 click==8.5.1 cryptography==50.0.2 flask==3.1.3
  flask-cors==6.0.5 itsdangerous==2.2.0 jinja2==3.1.6 jmespath==1.1.0 markupsafe==3.0.4 pycparser==3.12.0
  python-dateutil==2.9.0.post0 PyYAML==6.0.4 responses==0.26.3 s3transfer==0.19.3 six==1.17.0 werkzeug==3.1.9 xmltodict==1.0.4)

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
      say "installing ${python_packages[*]:0:4} and what they need (once, into $folder)"
      rm -rf "$folder"
      "$python" -m venv "$folder" >&2
      "$folder/bin/pip" install --quiet --no-deps --disable-pip-version-check "${python_packages[@]}" >&2 ||
        die "pip cannot install ${python_packages[*]}"
      touch "$folder/ready"
    ) 8>"$folder.lock"
  fi
  echo "$folder"
}
