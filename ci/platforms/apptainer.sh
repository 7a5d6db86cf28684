#!/bin/bash
# Apptainer for tests on Debian stable, which has none: that of Debian sid, from a folder.
# Usage: apptainer.sh make TREE                          the folder
#        TREE=... [AS=uid:gid] apptainer.sh ARGUMENT...  apptainer ARGUMENT..., the paths of this
#                                                        machine below BIND being what they are
# It runs as an ordinary user, as on a cluster, in a mount namespace of its own. The root of that
# is changed by pivot_root, since user namespaces cannot be made after a plain chroot.
set -euo pipefail

if [ "$1" = make ]; then
    # shellcheck disable=SC2016  # $1 is for the hooks
    exec mmdebstrap --variant=minbase --aptopt='Acquire::Check-Valid-Until "false"' \
        --include=apptainer,squashfuse,fuse2fs,fuse-overlayfs,uidmap \
        --customize-hook='echo user:x:1234:1234::/home/user:/bin/bash >> "$1/etc/passwd"' \
        --customize-hook='echo user:x:1234: >> "$1/etc/group"' \
        --customize-hook='install -d -o 1234 -g 1234 "$1/home/user"' \
        --customize-hook='mknod -m 666 "$1/fuse.node" c 10 229' \
        sid "$2"
fi

export TREE AS=${AS:-1234:1234} BIND=${BIND:?folders to show} HERE=$PWD
# shellcheck disable=SC2016  # all of it is for the inner shells
exec unshare --mount --propagation private bash -euc '
    mount --bind "$TREE" "$TREE"
    mount -t proc proc "$TREE/proc"
    mount --rbind /sys "$TREE/sys"
    mount --rbind /dev "$TREE/dev"
    for folder in $BIND; do
        mkdir -p "$TREE$folder"
        mount --bind "$folder" "$TREE$folder"
    done
    mount --bind "$TREE/fuse.node" "$TREE/dev/fuse"
    cp /etc/resolv.conf /etc/hosts "$TREE/etc/"
    mkdir -p "$TREE/.old"
    cd "$TREE"
    pivot_root . .old
    umount -l /.old
    cd "$HERE" 2> /dev/null || cd /
    exec setpriv --reuid="${AS%:*}" --regid="${AS#*:}" --clear-groups \
        env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/home/user USER=user TERM=dumb \
        APPTAINER_CACHEDIR="${APPTAINER_CACHEDIR:-}" APPTAINER_TMPDIR="${APPTAINER_TMPDIR:-}" \
        FROM_OUTSIDE=1 apptainer "$@"' apptainer "$@"
