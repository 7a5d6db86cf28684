"""List what is installed, as a software bill of materials in CycloneDX 1.6.

Only the standard library is needed, so that it runs inside the image as well:
``docker run --rm -i --entrypoint python gradshift - < tools/make_sbom.py > sbom.cdx.json``.
Python's packages come from their metadata, Debian's from dpkg where there is one. The list holds
neither times nor random numbers: the same things installed give the same bytes.
"""

import json
import platform
import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

ROOT = "gradshift"
DPKG = Path("/var/lib/dpkg/status")


def main() -> None:
    """Print the list."""
    packages = {normal(one.name): one for one in distributions()}
    own = packages.pop(ROOT)
    components = [*map(python_component, (packages[name] for name in sorted(packages)))]
    components += sorted(debian_components(), key=lambda one: one["name"])
    packages[ROOT] = own
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {**python_component(own), "type": "application"}},
        "components": [interpreter(), *components],
        "dependencies": [
            {"ref": reference(one), "dependsOn": sorted({*needed(one, packages)})}
            for _, one in sorted(packages.items())
        ],
    }
    json.dump(bill, sys.stdout, indent=2)
    print()


def normal(name: str) -> str:
    """Return the name of a package as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def reference(package: Distribution) -> str:
    """Return the address of a package that all tools understand."""
    return f"pkg:pypi/{normal(package.name)}@{package.version}"


def interpreter() -> dict[str, object]:
    """Describe Python itself."""
    version = platform.python_version()
    purl = f"pkg:generic/python@{version}"
    return {"type": "platform", "bom-ref": purl, "name": "python", "version": version}


def python_component(package: Distribution) -> dict[str, object]:
    """Describe one package of Python."""
    described: dict[str, object] = {
        "type": "library",
        "bom-ref": reference(package),
        "name": package.name,
        "version": package.version,
        "purl": reference(package),
    }
    if licence := licence_of(package):
        described["licenses"] = [licence]
    return described


def licence_of(package: Distribution) -> dict[str, object]:
    """Return the licence as the package names it, or nothing."""
    metadata = package.metadata
    if expression := metadata.get("License-Expression"):
        return {"expression": expression}
    classified = [
        line.rpartition(" :: ")[2]
        for line in metadata.get_all("Classifier") or []
        if line.startswith("License :: ")
    ]
    name = classified[0] if classified else (metadata.get("License") or "").strip().split("\n")[0]
    return {"license": {"name": name}} if name else {}


def needed(package: Distribution, packages: dict[str, Distribution]) -> Iterator[str]:
    """Yield the references of what a package needs, of what is installed."""
    for requirement in package.requires or []:
        name = re.match(r"[A-Za-z0-9._-]+", requirement)
        if name and "extra ==" not in requirement and normal(name[0]) in packages:
            yield reference(packages[normal(name[0])])


def debian_components() -> Iterator[dict[str, object]]:
    """Describe the packages of Debian."""
    if not DPKG.exists():
        return
    for paragraph in DPKG.read_text(encoding="utf-8").split("\n\n"):
        fields = dict(line.split(": ", 1) for line in paragraph.splitlines() if ": " in line)
        if not fields.get("Status", "").endswith(" installed"):
            continue
        name, version = fields["Package"], fields["Version"]
        purl = f"pkg:deb/debian/{name}@{version}?arch={fields['Architecture']}"
        yield {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


if __name__ == "__main__":
    main()
