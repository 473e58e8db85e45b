# shellcheck shell=bash
# Sourced by brokers that come from Maven Central. Wants common.sh and $cache.
# shellcheck disable=SC2154

need_java() {
  [ -x "${JAVA_HOME:-/nowhere}/bin/java" ] || command -v java >/dev/null || install_packages openjdk-17-jre-headless
}

# maven ARGUMENT…: its repository is in the cache; shows what it says only when it fails.
maven() {
  local output
  command -v mvn >/dev/null || install_packages maven openjdk-17-jre-headless
  output=$(mvn --batch-mode --quiet --strict-checksums "-Dmaven.repo.local=$cache/maven" "$@" 2>&1) ||
    { printf '%s\n' "$output" >&2; return 1; }
}

# fetch_archive GROUP:ARTIFACT:VERSION:tar.gz:CLASSIFIER FOLDER: unpacks the archive's one folder as FOLDER, once.
fetch_archive() {
  local group artifact version type classifier folder=$2 archive attempt
  [ ! -d "$folder" ] || return 0
  may_install "$folder"
  IFS=: read -r group artifact version type classifier <<<"$1"
  mkdir -p "$(dirname "$folder")"
  (
    flock -n 8 || { say "waiting for another script that fetches $artifact"; flock 8; }
    [ ! -d "$folder" ] || exit 0
    say "fetching $artifact $version from Maven Central (once, into $cache)"
    archive=$cache/maven/${group//.//}/$artifact/$version/$artifact-$version-$classifier.$type
    for attempt in 1 2; do
      maven dependency:get "-Dartifact=$1" -Dtransitive=false || die "cannot fetch $1"
      [ -f "$archive" ] || die "Maven did not leave $archive"
      rm -rf "$folder.part"
      mkdir "$folder.part"
      ! tar -xzf "$archive" -C "$folder.part" --strip-components=1 --no-same-owner || break
      rm -rf "$folder.part" "$(dirname "$archive")" # a broken download: Maven looks no further than its name
      [ $attempt = 1 ] || die "$1 cannot be unpacked"
      say "$artifact $version came broken: fetching it again"
    done
    mv "$folder.part" "$folder"
    rm -f "$archive"
  ) 8>"$folder.lock"
}

# fetch_jars GROUP:ARTIFACT:VERSION FOLDER: the jar and all that it needs to run, in FOLDER, once.
fetch_jars() {
  local group artifact version folder=$2
  [ ! -d "$folder" ] || return 0
  may_install "$folder"
  IFS=: read -r group artifact version <<<"$1"
  mkdir -p "$(dirname "$folder")"
  (
    flock -n 8 || { say "waiting for another script that fetches $artifact"; flock 8; }
    [ ! -d "$folder" ] || exit 0
    say "fetching $artifact $version and what it needs from Maven Central (once, into $cache)"
    rm -rf "$folder.part"
    mkdir "$folder.part"
    cat >"$folder.part/pom.xml" <<XML
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>omnibus</groupId>
  <artifactId>jars</artifactId>
  <version>1</version>
  <dependencies>
    <dependency><groupId>$group</groupId><artifactId>$artifact</artifactId><version>$version</version></dependency>
  </dependencies>
</project>
XML
    maven -f "$folder.part/pom.xml" dependency:copy-dependencies -DincludeScope=runtime "-DoutputDirectory=$folder.part" ||
      die "cannot fetch $1"
    mv "$folder.part" "$folder"
  ) 8>"$folder.lock"
}
