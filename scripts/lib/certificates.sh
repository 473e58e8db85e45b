# shellcheck shell=bash
# Sourced by brokers with TLS: certificates and tokens that tests can throw away.

# make_certificates FOLDER: an authority (ca.pem) and a server's certificate for localhost and 127.0.0.1 (server.pem, server-key.pem,
# PKCS #8), valid for ten years.
make_certificates() {
  local folder=$1
  [ ! -f "$folder/server.pem" ] || return 0
  mkdir -p "$folder"
  (
    cd "$folder"
    umask 077
    openssl req -x509 -newkey rsa:2048 -nodes -sha256 -days 3650 -subj '/CN=omnibus test authority' \
      -addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign,cRLSign' \
      -keyout ca-key.pem -out ca.pem
    openssl req -newkey rsa:2048 -nodes -subj '/CN=localhost' -keyout server-key.pem -out server.csr
    printf '%s\n' 'subjectAltName=DNS:localhost,IP:127.0.0.1' 'extendedKeyUsage=serverAuth' >server.ext
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -sha256 -days 3650 \
      -extfile server.ext -out server.pem.part
    mv server.pem.part server.pem
  ) >"$folder.log" 2>&1 || { cat "$folder.log" >&2; return 1; }
}

# make_client_certificate FOLDER NAME: a client's certificate in that name (NAME.pem, NAME-key.pem, PKCS #8) by the authority of
# make_certificates in FOLDER.
make_client_certificate() {
  local folder=$1 name=$2
  [ ! -f "$folder/$name.pem" ] || return 0
  (
    cd "$folder"
    umask 077
    openssl req -newkey rsa:2048 -nodes -subj "/CN=$name" -keyout "$name-key.pem" -out "$name.csr"
    printf '%s\n' 'extendedKeyUsage=clientAuth' >"$name.ext"
    openssl x509 -req -in "$name.csr" -CA ca.pem -CAkey ca-key.pem -CAcreateserial -sha256 -days 3650 \
      -extfile "$name.ext" -out "$name.pem.part"
    mv "$name.pem.part" "$name.pem"
  ) >"$folder.$name.log" 2>&1 || { cat "$folder.$name.log" >&2; return 1; }
}

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

# make_token KEY-FILE SUBJECT: prints a JSON web token, HS256, without an end.
make_token() {
  local key signed
  key=$(od -An -v -tx1 "$1" | tr -d ' \n')
  signed=$(printf '{"alg":"HS256"}' | base64url).$(printf '{"sub":"%s"}' "$2" | base64url)
  printf '%s.%s' "$signed" "$(printf %s "$signed" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | base64url)"
}
