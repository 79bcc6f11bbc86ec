#!/usr/bin/env python3
"""Fetches what is not ours from npm: the map of the console, which is checked in, and axe-core, which only the tests need.

    scripts/vendor.py leaflet                        into collector/web/static/vendor/leaflet, to be committed
    scripts/vendor.py axe-core --into FOLDER

Versions and what they consist of are pinned here: a package with other bytes is refused. A new version is a new line.
"""

import argparse
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CONSOLE = ROOT / "collector" / "web" / "static" / "vendor"


@dataclass(frozen=True)
class Package:
    """`sha512` of npm's archive; `files` of it are kept, by their names. The licence is always one of them."""

    version: str
    sha512: str
    files: tuple[str, ...]


PACKAGES = {
    "leaflet": Package(  # BSD-2-Clause
        "1.9.4",
        "9f14b5ca7cc93a63a51e9fa22f71725aa2bcf46b4d2fc53caef94c3ac41d4d3b2cc59c025e1f0dd8d07718340e2fe611dd79d6c99031c108b15116fe140ef83c",
        ("LICENSE", "dist/leaflet.css", "dist/leaflet.js"),
    ),
    "axe-core": Package(  # MPL-2.0
        "4.10.3",
        "5e6edba515e70d25f6604d9815f064d859c5d1ea7ab661bbc4f87c88779ef0c21cae0abbeb636471ef39e9d62d2582e4b88a1866f19f4ecfcf6d986275e4dc12",
        ("LICENSE", "axe.min.js"),
    ),
}


class NotThatPackage(Exception):
    """What npm gave is not what is pinned."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("name", choices=PACKAGES)
    parser.add_argument("--into", type=Path, help=f"by default {CONSOLE.relative_to(ROOT)}/NAME")
    options = parser.parse_args()
    try:
        fetch(options.name, options.into or CONSOLE / options.name)
    except (NotThatPackage, OSError, subprocess.CalledProcessError) as error:
        print(f"vendor: {options.name}: {error}", file=sys.stderr)
        return 1
    return 0


def fetch(name: str, into: Path) -> None:
    package = PACKAGES[name]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", "--silent", f"{name}@{package.version}"], cwd=folder, check=True, capture_output=True)
        (archive,) = Path(folder).glob("*.tgz")
        found = hashlib.sha512(archive.read_bytes()).hexdigest()
        if found != package.sha512:
            raise NotThatPackage(f"{archive.name} has the SHA-512 {found}, expected {package.sha512}")
        into.mkdir(parents=True, exist_ok=True)
        with tarfile.open(archive) as files:
            for path in package.files:
                kept = files.extractfile(f"package/{path}")
                assert kept is not None, path
                (into / Path(path).name).write_bytes(kept.read())


if __name__ == "__main__":
    sys.exit(main())
