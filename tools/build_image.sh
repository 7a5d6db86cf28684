#!/bin/bash
# Build the image with its labels.  Usage: tools/build_image.sh [OPTION OF docker build ...]
# SOURCE=... is the address of the repository; BASE=... the base image, best by digest.
set -euo pipefail
cd "$(dirname "$0")/.."
revision=$(git rev-parse HEAD)
git diff --quiet HEAD -- || revision=$revision-changed
exec docker build -t "${IMAGE:-gradshift}" \
    --build-arg BASE="${BASE:-debian:bookworm-slim}" \
    --build-arg VERSION="$(cat version)" \
    --build-arg REVISION="$revision" \
    --build-arg SOURCE="${SOURCE:-}" \
    --build-arg CREATED="$(git show -s --format=%cI HEAD)" \
    "$@" .
