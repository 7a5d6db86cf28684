#!/bin/bash
# Install the packages into new environments and try them.  Usage: install.sh DIST PYTHON ...
# Each Python gets the wheel, and the sdist; both must start and write the example study.
set -euo pipefail
dist=$(cd "$1" && pwd)
shift
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" # nothing of the source is found from here
version=$(basename "$dist"/*.whl | cut -d - -f 2)
for python; do
    for package in "$dist"/*.whl "$dist"/*.tar.gz; do
        rm -rf venv study
        "$python" -m venv venv
        venv/bin/pip install -q "$package"
        [ "$(venv/bin/gradshift --version)" = "gradshift $version" ]
        venv/bin/gradshift --help > /dev/null
        venv/bin/gradshift-example study --participants 2 > /dev/null
        venv/bin/gradshift study out participant --dry-run > /dev/null
        venv/bin/pip check
        echo "$(venv/bin/python --version), $(basename "$package"): installed, starts, writes the example study"
    done
done
