"""Every part of a result is described: by the table of parts, or where its function says what it returns."""

from __future__ import annotations

import importlib
import inspect
import re

import pytest

from cxlab.parts import PARTS
from cxlab.result import Result
from tests.test_any_study import CALLS, NEUTRAL, named

STUDY = named(NEUTRAL)
FORMS = {
    "pd.DataFrame": "DataFrame", "np.ndarray": "ndarray", "str": "str", "float": "float", "int": "int", "bool": "bool",
    "float | None": "float",
}  # fmt: skip


def described(name: str) -> str:
    """Return what the function of a call says of its result."""
    from cxlab import _ROOMS, _WHERE

    module = {**_WHERE, **{n: m for names in _ROOMS.values() for n, m in names.items()}}[name]
    said = inspect.getdoc(getattr(importlib.import_module(module), name)) or ""
    return said.partition("Returns\n---")[2]


@pytest.mark.parametrize("call", CALLS)
def test_every_part_is_described_and_is_what_is_said(call: str) -> None:
    result = CALLS[call](STUDY, NEUTRAL)
    if not isinstance(result, Result):
        return
    known, said = PARTS.get(result.kind, {}), described(call.split()[0])
    untold = [k for k in result.parts if k not in known and not re.search(rf"\b{k}\b", said)]
    assert untold == [], f"a row of cxlab/parts.py under '{result.kind}'"
    for part in set(result.parts) & set(known):
        form = known[part][0]
        wanted = FORMS.get(form, form.partition("[")[0])
        assert type(result.parts[part]).__name__ in (wanted, "NoneType"), part


def test_the_properties_of_a_league_are_its_parts() -> None:
    found = CALLS["league"](STUDY, NEUTRAL)
    assert found.funnel is found.parts["funnel"] and found.case_mix is found.parts["case_mix"]
    assert found.pairs == 6 and found.separated_pairs == 0
