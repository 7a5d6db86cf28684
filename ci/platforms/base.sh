#!/bin/bash
# Make a local stand-in for debian:bookworm-slim from Debian's packages, where no registry of
# images can be reached.  Usage: base.sh OUT.tar, then docker import OUT.tar debian:bookworm-slim
#
# It is for tests only: it trusts what this machine trusts, and pip in it does, too. Never publish
# it, nor an image built on it.
set -euo pipefail
out=$1
extra=$(mktemp -d)
trap 'rm -rf "$extra"' EXIT
mkdir -p "$extra/etc/ssl" "$extra/usr/local/share/ca-certificates"
cp -L /etc/ssl/certs/ca-certificates.crt "$extra/etc/ssl/build-host.crt"
find /usr/local/share/ca-certificates -name '*.crt' \
    -exec cp -L -t "$extra/usr/local/share/ca-certificates" {} +
printf '[global]\ncert = /etc/ssl/build-host.crt\ntimeout = 180\n' > "$extra/etc/pip.conf"
# What the slim images of Debian leave out, too. The signatures of a mirror are checked, its age
# is not, since a mirror may be frozen.
# shellcheck disable=SC2016  # $1 is for the hooks
mmdebstrap --variant=minbase --include=usr-is-merged \
    --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
    --aptopt='Acquire::Check-Valid-Until "false"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --customize-hook="cp -a $extra/. \"\$1\"/" \
    --customize-hook='rm -f "$1/etc/hostname"; : > "$1/etc/resolv.conf"' \
    bookworm "$out"
