#!/bin/bash
# Try the image: not root, no file that gives rights, and a study of two people, locked in.
set -euo pipefail
image=${IMAGE:-gradshift}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
inside() { docker run --rm --network none "$@"; }

inside "$image" --version
[ "$(inside --entrypoint id "$image" -u)" != 0 ]
[ -z "$(inside -u 0 --entrypoint find "$image" / -xdev -type f -perm /6000)" ]

mkdir -m 777 "$folder/study" "$folder/out"
locked=(-u "$(id -u):$(id -g)" --read-only --cap-drop ALL --security-opt no-new-privileges)
inside "${locked[@]}" -v "$folder/study:/made" --entrypoint gradshift-example "$image" \
    /made/study --participants 2
for level in participant group; do
    inside "${locked[@]}" -v "$folder/study/study:/data:ro" -v "$folder/out:/out" "$image" \
        /data /out "$level"
done
[ -s "$folder/out/group/contrasts.tsv" ]
