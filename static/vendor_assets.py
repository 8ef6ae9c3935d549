"""Take the map's scripts, styles, fonts and images out of npm packages, so that the app needs no other host.

Run `python static/vendor_assets.py` where npm can download to write static/vendor/ again, and with `--check`
to compare the files that are there with their hashes. The versions are those that folium 0.20 asks for.
"""

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

VENDOR = Path(__file__).resolve().parent / "vendor"
MANIFEST = "manifest.json"
NOTICE = "LICENSES.md"
MIT = """Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


@dataclass(frozen=True)
class Package:
    """One npm package and what the map needs of it."""

    name: str
    """On npm."""
    version: str
    """Exactly this one."""
    folder: str
    """Under static/vendor/."""
    licence: str
    """SPDX expression."""
    copyright: str
    """As its licence or, without one, its script states it."""
    files: tuple[str, ...]
    """Paths inside the package, kept, for its styles name their images by relative path."""
    terms: str | None = "LICENSE"
    """Its licence file; None where it packs none, which then is MIT's text under the copyright above."""


PACKAGES = (
    Package(
        "leaflet",
        "1.9.3",
        "leaflet",
        "BSD-2-Clause",
        "Copyright (c) 2010-2022 Vladimir Agafonkin; 2010-2011 CloudMade",
        (
            "dist/leaflet.js",
            "dist/leaflet.css",
            "dist/images/layers.png",
            "dist/images/layers-2x.png",
            "dist/images/marker-icon.png",
            "dist/images/marker-icon-2x.png",
            "dist/images/marker-shadow.png",
        ),
    ),
    Package(
        "leaflet-draw",
        "1.0.2",
        "leaflet-draw",
        "MIT",
        "Copyright (c) 2012-2017 Jacob Toye, Jon West, Smartrak, Leaflet",
        (
            "dist/leaflet.draw.js",
            "dist/leaflet.draw.css",
            "dist/images/spritesheet.png",
            "dist/images/spritesheet-2x.png",
            "dist/images/spritesheet.svg",
        ),
        terms=None,
    ),
    Package(
        "leaflet.fullscreen",
        "3.0.0",
        "leaflet-fullscreen",
        "MIT",
        "Copyright (c) 2013 Bruno Bergot",
        ("Control.FullScreen.js", "Control.FullScreen.css", "icon-fullscreen.svg"),
    ),
    Package(
        "leaflet-mouse-position",
        "1.2.0",
        "leaflet-mouse-position",
        "MIT",
        "Copyright 2012 Ardhi Lukianto",
        ("src/L.Control.MousePosition.js", "src/L.Control.MousePosition.css"),
        terms="MIT-LICENCE.txt",
    ),
    Package(
        "leaflet.awesome-markers",
        "2.0.5",
        "leaflet-awesome-markers",
        "ISC",
        "Copyright (c) 2013 L. Voogdt",
        (
            "dist/leaflet.awesome-markers.min.js",
            "dist/leaflet.awesome-markers.css",
            "dist/images/markers-shadow.png",
            "dist/images/markers-shadow@2x.png",
            "dist/images/markers-soft.png",
            "dist/images/markers-soft@2x.png",
        ),
    ),
    Package(
        "@fortawesome/fontawesome-free",
        "6.2.0",
        "fontawesome",
        "CC-BY-4.0 AND OFL-1.1 AND MIT",
        "Copyright (c) 2022 Fonticons, Inc.",
        (
            "css/all.min.css",
            "webfonts/fa-brands-400.woff2",
            "webfonts/fa-regular-400.woff2",
            "webfonts/fa-solid-900.woff2",
            "webfonts/fa-v4compatibility.woff2",
        ),
        terms="LICENSE.txt",
    ),
    Package(
        "bootstrap",
        "5.2.2",
        "bootstrap",
        "MIT",
        "Copyright (c) 2011-2022 Twitter, Inc.; 2011-2022 The Bootstrap Authors",
        ("dist/js/bootstrap.bundle.min.js", "dist/css/bootstrap.min.css"),
    ),
    Package(
        "jquery",
        "3.7.1",
        "jquery",
        "MIT",
        "Copyright OpenJS Foundation and other contributors",
        ("dist/jquery.min.js",),
        terms="LICENSE.txt",
    ),
)


def main() -> int:
    """Write static/vendor/, or check it; 1 where a check finds a difference."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--check", action="store_true", help="compare what is there with its hashes")
    if not options.parse_args().check:
        write()
    problems = check(VENDOR)
    sys.stdout.write("".join(f"{each}\n" for each in problems) or f"{VENDOR}: {_megabytes(VENDOR)}, as recorded\n")
    return 1 if problems else 0


def write() -> None:
    """Fetch every package and put the new folder in place of the old one."""
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("npm is not installed; it is needed to write static/vendor/, not to check it.")
    with tempfile.TemporaryDirectory(dir=VENDOR.parent, prefix=".vendor-") as staging:
        fresh = Path(staging) / VENDOR.name
        for package in PACKAGES:
            _take(package, npm, Path(staging), fresh / package.folder)
        (fresh / NOTICE).write_text(_notice(), encoding="utf-8")
        hashes = {name: _sha256(fresh / name) for name in _names(fresh)}
        (fresh / MANIFEST).write_text(json.dumps(hashes, indent=1) + "\n", encoding="utf-8")
        shutil.rmtree(VENDOR, ignore_errors=True)
        fresh.rename(VENDOR)


def check(vendor: Path) -> list[str]:
    """What differs from the manifest, and what a style asks for that is not there; empty where all is well."""
    recorded = json.loads((vendor / MANIFEST).read_text(encoding="utf-8"))
    there = set(_names(vendor))
    problems = [f"missing: {name}" for name in sorted(set(recorded) - there)]
    problems += [f"not recorded: {name}" for name in sorted(there - set(recorded))]
    problems += [
        f"changed: {name}" for name in sorted(there & set(recorded)) if _sha256(vendor / name) != recorded[name]
    ]
    problems += [f"not packed: {name}" for name in _unmet(vendor)]
    return problems


def _take(package: Package, npm: str, downloads: Path, target: Path) -> None:
    wanted = f"{package.name}@{package.version}"
    command = [npm, "pack", wanted, "--json", "--pack-destination", str(downloads)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=downloads).stdout
    archive = downloads / json.loads(printed)[0]["filename"].replace("@", "").replace("/", "-")
    with tarfile.open(archive) as packed:
        for name in package.files:
            _extract(packed, name, target / name)
        if package.terms is not None:
            _extract(packed, package.terms, target / "LICENSE")
        else:
            (target / "LICENSE").write_text(f"{package.copyright}\n\n{MIT}", encoding="utf-8")


def _extract(packed: tarfile.TarFile, name: str, target: Path) -> None:
    member = packed.extractfile(f"package/{name}")
    if member is None:
        raise SystemExit(f"The package has no file {name}; look at its archive for what replaced it.")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(member.read())


def _notice() -> str:
    head = (
        "# Licences of what lies here\n\nWritten by static/vendor_assets.py; the files are unchanged.\n\n"
        "| name | version | licence | copyright |\n|---|---|---|---|\n"
    )
    rows = (
        f"| {each.name} | {each.version} | [{each.licence}]({each.folder}/LICENSE) | {each.copyright} |\n"
        for each in PACKAGES
    )
    return head + "".join(rows)


def _unmet(vendor: Path) -> list[str]:
    """Files that a style names and that are not there; a font's older format is not asked for beside woff2."""
    missing = []
    for style in vendor.rglob("*.css"):
        for name in re.findall(r"url\(['\"]?([^)'\"#]+)['\"]?\)", style.read_text(encoding="utf-8")):
            asked = (style.parent / name).with_suffix(".woff2") if name.endswith(".ttf") else style.parent / name
            if not name.startswith("data:") and not asked.is_file():
                missing.append(f"{style.relative_to(vendor)}: {name}")
    return missing


def _names(vendor: Path) -> list[str]:
    files = (each.relative_to(vendor).as_posix() for each in vendor.rglob("*") if each.is_file())
    return sorted(name for name in files if name != MANIFEST)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _megabytes(folder: Path) -> str:
    return f"{sum(each.stat().st_size for each in folder.rglob('*') if each.is_file()) / 1e6:.2f} MB"


if __name__ == "__main__":
    sys.exit(main())
