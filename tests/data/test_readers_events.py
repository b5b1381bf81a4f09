"""XES event logs, as exported by process mining tools."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

import cxlab as cx

LOG = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1.0" xmlns="http://www.xes-standard.org/">
<string key="concept:name" value="the log"/>
<global scope="event"><string key="concept:name" value="x"/></global>
<trace><string key="concept:name" value="c1"/>
<event><string key="concept:name" value="open"/><date key="time:timestamp" value="2024-01-01T10:00:00+01:00"/>
<string key="org:resource" value="Ann"><string key="inner" value="no"/></string></event>
<event><string key="concept:name" value="close"/><date key="time:timestamp" value="2024-07-01T10:00:00+02:00"/></event>
<float key="amount" value="3.5"/></trace>
<trace><string key="concept:name" value="c2"/>
<event><string key="concept:name" value="open"/>
<date key="time:timestamp" value="2024-01-05T10:00:00+01:00"/></event></trace>
</log>
"""


def test_a_log_is_read_with_its_roles_and_the_attributes_of_its_cases(tmp_path: Path) -> None:
    (tmp_path / "log.xes").write_text(LOG, "utf-8")
    (tmp_path / "log.xes.gz").write_bytes(gzip.compress(LOG.encode()))
    for name in ("log.xes", "log.xes.gz"):
        study = cx.load(tmp_path / name)
        assert {f.name: f.role for f in study.codebook if f.role} == {
            "case:concept:name": "case", "concept:name": "event", "time:timestamp": "time", "org:resource": "owner",
        }  # fmt: skip
        table = study.to_pandas()
        assert table["case:amount"].tolist()[:2] == [3.5, 3.5]  # it stands after the events of its case
        assert list(table.columns) == [
            "case:concept:name",
            "case:amount",
            "concept:name",
            "time:timestamp",
            "org:resource",
        ]
        steps = cx.transitions(study, least_n=0).table.set_index(["from", "to"])
        assert steps.loc[("open", "close"), "wait"] == pytest.approx(182 - 1 / 24)  # summer time began


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LOG.replace("</log>", ""), "log.xes cannot be read as XES"),
        ("<log></log>", "log.xes holds no event"),
        ('<!DOCTYPE a [<!ENTITY x "y">]><log>&x;</log>', "log.xes cannot be read as XES"),
    ],
)
def test_what_is_no_log_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "log.xes").write_text(text, "utf-8")
    with pytest.raises(cx.DataProblem, match=said):
        cx.load(tmp_path / "log.xes")
