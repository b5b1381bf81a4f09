"""What an installation brings with it: every library under `pip install cxlab` states a licence that leaves users free.

Known advisories need a service on the network: `make audit` asks it.
"""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]

FREE = re.compile(
    r"\b(MIT|BSD|0BSD|Apache|ISC|PSF|Python Software Foundation|MPL|Mozilla Public|Unlicense|HPND|CC0|Zlib|NCSA"
    r"|MIT-CMU)\b",
    re.I,
)
BOUND = re.compile(
    r"\b(?:A?GPL|GNU (?:Affero )?General Public|SSPL|BUSL|Commons Clause|Proprietary|Elastic License)", re.I
)
"""What obliges whoever ships it with other code; the lesser GPL and the Mozilla licence do not."""

STATED = {"xlsxwriter": "BSD-2-Clause", "axe-playwright-python": "MIT"}
"""Licences read by a person where the metadata say nothing."""


def stated(package: Distribution) -> str:
    """All that the metadata of a package say about its licence; of a long text the first line."""
    said = package.metadata
    name = re.sub(r"[-_.]+", "-", said["Name"]).lower()
    found = [
        STATED.get(name, ""),
        said.get("License-Expression") or "",
        (said.get("License") or "").strip().split("\n")[0],
    ]
    found += [c.rpartition("::")[2] for c in said.get_all("Classifier") or [] if c.startswith("License")]
    return "; ".join(filter(None, found))


def judged(licence: str) -> str:
    """'free', 'bound' (one of several to choose from may be free) or 'unknown'.

    >>> judged("MIT"), judged("GPL-3.0-only"), judged("LGPL-2.1; MIT"), judged("GPL-2.0 OR MIT"), judged("")
    ('free', 'bound', 'free', 'free', 'unknown')
    """
    parts = re.split(r"\bOR\b", licence)
    if any(FREE.search(part) and not BOUND.search(part) for part in parts):
        return "free"
    return "bound" if BOUND.search(licence) else "unknown"


def closure(requirements: list[str]) -> dict[str, Distribution]:
    """Everything that is installed with the requirements here, by name."""
    found: dict[str, Distribution] = {}
    waiting = [(Requirement(r), "") for r in requirements]
    while waiting:
        wanted, extra = waiting.pop()
        name = re.sub(r"[-_.]+", "-", wanted.name).lower()
        if wanted.marker and not wanted.marker.evaluate(default_environment() | {"extra": extra}):
            continue
        try:
            package = distribution(wanted.name)
        except PackageNotFoundError:
            continue
        new = name not in found
        found[name] = package
        for more in ["", *wanted.extras] if new or wanted.extras else []:
            waiting += [(Requirement(r), more) for r in package.requires or [] if new or "extra" in r]
    return found


PACKAGES = closure(PROJECT["dependencies"])


def test_the_closure_is_whole() -> None:
    assert len(PACKAGES) > 100 and {"tornado", "jinja2", "numpy", "pyzmq", "nh3"} <= set(PACKAGES)


@pytest.mark.parametrize("name", sorted(PACKAGES))
def test_no_library_binds_its_users(name: str) -> None:
    licence = stated(PACKAGES[name])
    assert judged(licence) == "free", f"{name} says: {licence or 'nothing'}"


def test_a_bound_licence_is_seen() -> None:
    cases = {
        "GNU General Public License v3 (GPLv3)": "bound", "AGPL-3.0-or-later": "bound", "GPL-2.0-only": "bound",
        "BSD-3-Clause": "free", "GNU Lesser General Public License v3 (LGPLv3)": "unknown", "MIT OR GPL-3.0": "free",
        "": "unknown", "Proprietary": "bound", "MIT AND GPL-3.0-only": "bound",
    }  # fmt: skip
    assert {licence: judged(licence) for licence in cases} == cases
