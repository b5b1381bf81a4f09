"""``python -m benchmarks.audit``: licences of everything installed here, then known advisories on every pinned version.

Advisories are what the package registry itself publishes with a version (``/pypi/NAME/VERSION/json``,
"vulnerabilities", the data of the Python Packaging Advisory Database). Where the registry does not serve them, that is
said, and this part has failed. Exit codes: 0 nothing found, 1 a licence or an advisory, 3 advisories were not checked.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

from tests.test_licences import judged, stated

PINNED = Path(__file__).parents[1] / "constraints.txt"
TRIED = 3
"""So many packages without an answer, and none with one, say that the registry serves no advisories."""


class Unreachable(Exception):
    """The registry serves no advisories here."""


def licences() -> list[str]:
    """Return what is wrong with the licences of all installed packages."""
    found = {d.metadata["Name"]: stated(d) for d in distributions()}
    print(f"{len(found)} packages are installed")
    return [f"{n}: {said or 'says nothing'}" for n, said in sorted(found.items()) if judged(said) != "free"]


def pinned(text: str) -> Iterator[tuple[str, str]]:
    """Yield name and version of every pinned package.

    >>> list(pinned("# all\\nnumpy==2.0.1  # maths\\nuvloop==0.2; python_version > '3'"))
    [('numpy', '2.0.1'), ('uvloop', '0.2')]
    """
    for line in text.splitlines():
        if found := re.match(r"([A-Za-z0-9._-]+)==([^\s;#]+)", line):
            yield found[1], found[2]


def advisories(packages: list[tuple[str, str]], registry: str) -> tuple[list[str], list[str]]:
    """Return the advisories on the packages, and the packages that the registry says nothing of.

    Raises
    ------
    Unreachable : the registry serves no advisories.
    """
    known, silent, answered, said = [], [], 0, ""
    for name, version in packages:
        try:
            with urllib.request.urlopen(f"{registry}/pypi/{name}/{version}/json", timeout=30) as answer:
                listed = json.load(answer)["vulnerabilities"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            silent.append(f"{name} {version}")
            said = f"HTTP {error.code}" if isinstance(error, urllib.error.HTTPError) else type(error).__name__
            if not answered and len(silent) >= min(TRIED, len(packages)):
                raise Unreachable(said) from error
            continue
        answered += 1
        for one in listed:
            if not one.get("withdrawn"):
                names = ", ".join([one["id"], *one.get("aliases", [])])
                known.append(
                    f"{name} {version}: {names}; fixed in {', '.join(one.get('fixed_in', [])) or 'no version'}"
                )
    return known, silent


def known_to_pip() -> str:
    """Return the registry that pip asks unless told otherwise; pip is not imported here: it replaces distutils."""
    said = "from pip._internal.models.index import PyPI; print(PyPI.url)"
    return subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True).stdout.strip(" /\n")


def main(registry: str, packages: list[tuple[str, str]] | None = None) -> int:
    """Print both parts and return the exit code."""
    wrong = licences()
    print("\n".join(wrong) if wrong else "licences: all leave their users free (no GPL, no AGPL)")
    packages = list(pinned(PINNED.read_text(encoding="utf-8"))) if packages is None else packages
    try:
        known, silent = advisories(packages, registry)
    except Unreachable as error:
        print(f"advisories: NOT CHECKED, the registry serves none here ({error}); run it where it does")
        return 1 if wrong else 3
    print("\n".join(known) if known else f"advisories: none known on {len(packages) - len(silent)} pinned packages")
    if silent:
        print(f"advisories: NOT CHECKED for {len(silent)} packages: {', '.join(silent[:10])}")
    return 1 if wrong or known else 3 if silent else 0


if __name__ == "__main__":
    sys.exit(main(os.environ.get("CXLAB_REGISTRY") or known_to_pip()))
