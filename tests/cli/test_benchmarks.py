"""`cxlab benchmarks` from the outside."""

import json

from click.testing import CliRunner

from cxlab.cli import cxlab


def run(*args):
    return CliRunner().invoke(cxlab, ["benchmarks", *args])


def test_overview_names_each_source_once():
    lines = run().output.splitlines()
    assert sum("HCAHPS" in line for line in lines) == 2
    assert lines[-1].endswith("figures. Narrow them down, e.g. --industry Hospitals --period 2022; --help shows more.")


def test_listing_shows_what_is_unknown():
    out = run("--industry", "Urban rail", "--period", "2018").output
    assert out.splitlines()[0].split() == (
        ["BART", "56.0", "%", "n", "unknown", "2018", "Overall", "satisfaction,", "very", "or", "somewhat", "satisfied"]
    )
    assert "Where no mode is stated the source does not say it." in out


def test_json_holds_the_same_rows_in_full_precision():
    rows = json.loads(run("--industry", "Airlines", "--json").output)
    assert {r["name"] for r in rows} == {"American", "Delta", "Southwest", "US Airways", "United", "Virgin America"}
    delta = next(r for r in rows if r["name"] == "Delta")
    assert (delta["n"], delta["best"]) == (2222, "low")
    assert abs(delta["estimate"] - 955 / 2222) < 1e-9


def test_own_rows_and_columns(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("name,metric,unit,estimate,se,n,period,source\nAlba,nps,points,41.5,2,812,2025-03,own survey\n")
    assert run(str(path), "--origin", "own").output.splitlines()[0].split()[:4] == ["Alba", "41.5", "±", "3.9"]
    assert "estimate       the figure (needed)" in run("--columns").output


def test_help_shows_examples():
    assert "cxlab benchmarks --industry Hospitals --period 2022 --metric top-box" in run("--help").output
