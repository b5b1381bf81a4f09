"""``python -m benchmarks.strangers``: files as strangers export them, with known truth, read without help.

Every file is made here from one small survey with a seed: a layout (how a platform writes it), a language (of headings
and labels) and a fault (what people do to files). Of every file some numbers are asked, by the column that holds them;
each answer is *right*, *asked* (the study doubts that column, or the whole file), *refused* (an error that says why) or
**silently wrong**.
"""

from __future__ import annotations

import csv
import json
import math
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import cxlab as cx
from benchmarks.known import known

N = 300
OPTIONS = ("mail", "phone", "chat", "store")
ITEMS = ("service", "price", "delivery")


@dataclass
class File:
    """A file and what is true of it: each question a call on the study, its right value, and the column it is about."""

    path: Path
    layout: str
    language: str
    fault: str
    asked: list[tuple[str, str, Callable[[Any], float], float]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.layout}-{self.language}-{self.fault}"


WORDS: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
"""Headings, labels and options of the survey in fifteen languages."""


def survey(seed: int) -> pd.DataFrame:
    """Return the truth as codes: recommend 0-10, overall and items 1-5, region 0-2, channels 0/1, missing as nan."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal(N)
    cut = lambda x, low, high: np.clip(np.round(x), low, high)  # noqa: E731
    table = pd.DataFrame({"recommend": cut(7 + 2.4 * z, 0, 10), "overall": cut(3.6 + z, 1, 5)})
    for k, item in enumerate(ITEMS):
        table[item] = cut(3.2 + 0.3 * k + 0.7 * z + 0.8 * rng.standard_normal(N), 1, 5)
    table["region"] = rng.integers(0, 3, N)
    for option in OPTIONS:
        table[option] = (rng.random(N) < 0.4).astype(int)
    table.loc[table[list(OPTIONS)].sum(axis=1) == 0, "mail"] = 1
    for name in ("recommend", "overall", *ITEMS):
        table.loc[rng.random(N) < 0.07, name] = np.nan
    return table


def nps(values: pd.Series) -> float:
    """Net promoter score by hand."""
    v = values.dropna()
    return 100 * float((v >= 9).mean() - (v <= 6).mean())


def top2(values: pd.Series, low: float = 4) -> float:
    """Share of the two best boxes by hand."""
    return float((values.dropna() >= low).mean())


def estimate(result: Any, row: int = 0) -> float:
    """The number of a row of a result."""
    return float(result.table["estimate"].iloc[row])


def number(x: float) -> str:
    """A code as an export writes it."""
    return "" if math.isnan(x) else str(int(x))


# -- layouts: how a platform writes the table -------------------------------------------------------------------------


def frame(t: pd.DataFrame, w: dict[str, Any]) -> pd.DataFrame:
    """The plain table under its headings: numbers as codes, the region in words."""
    out = pd.DataFrame({w["recommend"]: t["recommend"].map(number), w["overall"]: t["overall"].map(number)})
    for item in ITEMS:
        out[w[item]] = t[item].map(number)
    out[w["region"]] = [w["regions"][k] for k in t["region"]]
    return out


def ticked(t: pd.DataFrame, w: dict[str, Any], separator: str, trailing: bool = False) -> list[str]:
    """The ticked options of each row in one cell."""
    cells = [[w["options"][k] for k, o in enumerate(OPTIONS) if row[o]] for _, row in t.iterrows()]
    return [separator.join(c) + (separator.strip() if trailing else "") for c in cells]


def write(path: Path, rows: list[list[str]], separator: str = ",", encoding: str = "utf-8-sig") -> Path:
    """Write a delimited file."""
    with path.open("w", newline="", encoding=encoding) as out:
        csv.writer(out, delimiter=separator).writerows(rows)
    return path


def rows_of(table: pd.DataFrame) -> list[list[str]]:
    """Heading and rows."""
    return [list(table.columns), *table.astype(str).to_numpy().tolist()]


def shares(w: dict[str, Any], t: pd.DataFrame, head: str) -> list[tuple[str, str, Callable[[Any], float], float]]:
    """The share of each ticked option, whichever column the reader made of it."""

    def share(option: str) -> Callable[[Any], float]:
        def of(study: Any) -> float:
            ends = tuple(f"{mark}{option}" for mark in ("_", ": ", "/", " - "))
            for f in study.codebook.fields:
                if f.columns and option in (*f.labels.values(), *f.columns):
                    return estimate(cx.share(study, f.name, value=option))
                if option in (f.name, f.title) or any((f.title or "").endswith(e) or f.name.endswith(e) for e in ends):
                    return estimate(cx.share(study, f.name, value=_ticked(f, option)))
            return estimate(cx.share(study, column(study, head), value=option))

        return of

    return [
        (f"share of {w['options'][k]}", head, share(w["options"][k]), float(t[o].mean()))
        for k, o in enumerate(OPTIONS)
    ]  # fmt: skip


def _ticked(field: Any, option: str) -> Any:
    """What stands in a column of one option where it is ticked: its label, else its text, else 1."""
    labels = [str(v) for v in (field.scale.labels or {}).values()] if field.scale else []
    return next((label for label in labels if label in ("ticked", option)), option if field.type == "string" else 1)


def core(w: dict[str, Any], t: pd.DataFrame) -> list[tuple[str, str, Callable[[Any], float], float]]:
    """What is asked of every file: NPS, CSAT, an item, and NPS of one region."""
    first = w["regions"][0]

    def of_region(study: Any) -> float:
        result = cx.nps(study, by=column(study, w["region"])).table
        hit = result[result.iloc[:, 0].astype(str) == first]
        return float(hit["estimate"].iloc[0])

    return [
        ("nps", w["recommend"], lambda s: estimate(cx.nps(s)), nps(t["recommend"])),
        ("csat", w["overall"], lambda s: estimate(cx.csat(s, column(s, w["overall"]))), top2(t["overall"])),
        ("item", w["price"], lambda s: estimate(cx.csat(s, column(s, w["price"]))), top2(t["price"])),
        ("nps of a region", w["region"], of_region, nps(t.loc[t["region"] == 0, "recommend"])),
    ]


def column(study: Any, wording: str) -> str:
    """The column that holds a question: by its name, else by its wording."""
    bare = lambda text: text.replace("'", "").replace('"', "")  # noqa: E731 - readers may write the marks otherwise
    for f in study.codebook.fields:
        if bare(wording) in (bare(f.name), bare(f.title or "")):
            return f.name
    for f in study.codebook.fields:
        if wording in (f.title or "") or wording.replace(".", "_") == f.name:
            return f.name
    raise cx.DataProblem(f"no column says '{wording}'")


def layouts() -> Iterator[tuple[str, Callable[[Path, pd.DataFrame, dict[str, Any]], File]]]:
    """Every layout and what writes it."""

    def plain(folder: Path, t: pd.DataFrame, w: dict[str, Any]) -> File:
        return File(write(folder / "plain.csv", rows_of(frame(t, w))), "", "", "", core(w, t))

    def semicolon(folder: Path, t: pd.DataFrame, w: dict[str, Any]) -> File:
        return File(write(folder / "semi.csv", rows_of(frame(t, w)), ";"), "", "", "", core(w, t))

    def tabs(folder: Path, t: pd.DataFrame, w: dict[str, Any]) -> File:
        return File(write(folder / "tabs.csv", rows_of(frame(t, w)), "\t", "utf-16"), "", "", "", core(w, t))

    def words(folder: Path, t: pd.DataFrame, w: dict[str, Any]) -> File:
        table = frame(t, w)
        for key in ("overall", *ITEMS):
            table[w[key]] = ["" if math.isnan(x) else w["five"][int(x) - 1] for x in t[key]]
        return File(write(folder / "words.csv", rows_of(table)), "", "", "", core(w, t))

    def google(folder: Path, t: pd.DataFrame, w: dict[str, Any]) -> File:
        table = frame(t, w)
        table.insert(0, "Timestamp", [f"{1 + k % 9}/{10 + k % 18}/2025 9:{k % 60:02d}:00" for k in range(len(t))])
        table[w["channels"]] = ticked(t, w, ", ")
        return File(write(folder / "form.csv", rows_of(table)), "", "", "",
                    core(w, t) + shares(w, t, w["channels"]))  # fmt: skip

    def microsoft(folder: Path, t: pd.DataFrame, w: dict[str, Any]) -> File:
        table = frame(t, w).replace("", None)
        for key in ("recommend", "overall", *ITEMS):
            table[w[key]] = t[key]
        table.insert(0, "Id", range(1, len(t) + 1))
        table.insert(1, "Start time", pd.date_range("2025-03-01", periods=len(t), freq="h"))
        table[w["channels"]] = ticked(t, w, ";", trailing=True)
        table.to_excel(folder / "forms.xlsx", index=False)
        return File(folder / "forms.xlsx", "", "", "", core(w, t) + shares(w, t, w["channels"]))

    def typeform(folder: Path, t: pd.DataFrame, w: dict[str, Any]) -> File:
        table = frame(t, w)
        table.insert(0, "#", [f"{k:032x}" for k in range(len(t))])
        for k, option in enumerate(OPTIONS):
            table[w["options"][k]] = [w["options"][k] if x else "" for x in t[option]]
        table["Submit Date (UTC)"] = [f"2025-04-{1 + k % 28:02d} 10:00:00" for k in range(len(t))]
        return File(write(folder / "typeform.csv", rows_of(table)), "", "", "", core(w, t) + shares(w, t, "?"))

    def qualtrics(folder: Path, t: pd.DataFrame, w: dict[str, Any]) -> File:
        meta = ["StartDate", "EndDate", "Status", "Progress", "Finished", "ResponseId"]
        names = [*meta, "Q1_NPS_GROUP", "Q1", "Q2", "Q3_1", "Q3_2", "Q3_3", "Q4", *(f"Q5_{k}" for k in range(1, 5))]
        group = {True: "Promoter", False: "Detractor"}
        said = [*meta, f"{w['recommend']} - Group", w["recommend"], w["overall"],
                *(f"{w[i]}" for i in ITEMS), w["region"],
                *(f"{w['channels']} - Selected Choice - {o}" for o in w["options"])]  # fmt: skip
        rows = [names, said, [json.dumps({"ImportId": f"QID{k}"}) for k in range(len(names))]]
        for k, row in t.iterrows():
            r = row["recommend"]
            rows.append([
                "2025-03-01 10:00:00", "2025-03-01 10:05:00", "IP Address", "100", "True", f"R_{k:015d}",
                "" if math.isnan(r) else "Passive" if 7 <= r <= 8 else group[r >= 9], number(r), number(row["overall"]),
                *(number(row[i]) for i in ITEMS), w["regions"][int(row["region"])],
                *(w["options"][j] if row[o] else "" for j, o in enumerate(OPTIONS)),
            ])  # fmt: skip
        return File(write(folder / "qualtrics.csv", rows), "", "", "", core(w, t) + shares(w, t, "Q5"))

    def monkey(folder: Path, t: pd.DataFrame, w: dict[str, Any]) -> File:
        table = frame(t, w)
        heads = ["Respondent ID", "Collector ID", "Start Date", *table.columns, w["channels"], "", "", ""]
        second = ["", "", "", *["Response"] * len(table.columns), *w["options"]]
        rows = [heads, second]
        for k, (plain_row, (_, row)) in enumerate(zip(table.to_numpy().tolist(), t.iterrows(), strict=True)):
            ticks = [w["options"][j] if row[o] else "" for j, o in enumerate(OPTIONS)]
            rows.append([str(118_000_000_000 + k), "4711", "03/14/2025 10:00:00 AM", *plain_row, *ticks])
        return File(write(folder / "monkey.csv", rows), "", "", "", core(w, t) + shares(w, t, w["channels"]))

    def zero_one(folder: Path, t: pd.DataFrame, w: dict[str, Any]) -> File:
        table = frame(t, w)
        for k, option in enumerate(OPTIONS):
            table[f"{w['channels']}/{w['options'][k]}"] = t[option].astype(str)
        return File(write(folder / "kobo.csv", rows_of(table)), "", "", "", core(w, t) + shares(w, t, w["channels"]))

    def parquet(folder: Path, t: pd.DataFrame, w: dict[str, Any]) -> File:
        import pyarrow as pa
        import pyarrow.parquet as pq

        columns = {w[k]: pa.array(t[k].to_numpy(), from_pandas=False) for k in ("recommend", "overall", *ITEMS)}
        columns[w["region"]] = pa.array([w["regions"][k] for k in t["region"]])
        pq.write_table(pa.table(columns), folder / "nan.parquet")
        return File(folder / "nan.parquet", "", "", "", core(w, t))

    def spss(folder: Path, t: pd.DataFrame, w: dict[str, Any]) -> File:
        import pyreadstat

        table = t[["recommend", "overall", *ITEMS, "region"]].copy()
        table[["overall"]] = table[["overall"]].fillna(99)
        labels = {"region": dict(enumerate(w["regions"])), "overall": dict(enumerate(w["five"], 1))}
        pyreadstat.write_sav(table, str(folder / "x.sav"), variable_value_labels=labels,
                             column_labels=[w[c] for c in table], missing_ranges={"overall": [99]})  # fmt: skip
        return File(folder / "x.sav", "", "", "", core(w, t))

    def lines(folder: Path, t: pd.DataFrame, w: dict[str, Any]) -> File:
        table = frame(t, w)
        said = [{k: (int(v) if v.isdigit() else v or None) for k, v in r.items()} for r in table.to_dict("records")]
        (folder / "x.jsonl").write_text("\n".join(json.dumps(r, ensure_ascii=False) for r in said), encoding="utf-8")
        return File(folder / "x.jsonl", "", "", "", core(w, t))

    def long(folder: Path, t: pd.DataFrame, w: dict[str, Any]) -> File:
        rows = [["respondent", "question", "answer"]]
        for k, row in frame(t, w).iterrows():
            rows += [[str(k), q, str(v)] for q, v in row.items() if v != ""]
        return File(write(folder / "long.csv", rows), "", "", "", core(w, t))

    def lime(folder: Path, t: pd.DataFrame, w: dict[str, Any]) -> File:
        table = frame(t, w)
        heads = [f"G1Q{k:02d}. {c}" for k, c in enumerate(table.columns, 1)]
        out = table.set_axis(heads, axis=1)
        out.insert(0, "id. Response ID", [str(k) for k in range(1, len(t) + 1)])
        out.insert(1, "submitdate. Date submitted", "2025-03-01 10:00:00")
        return File(write(folder / "lime.csv", rows_of(out)), "", "", "", core(w, t))

    yield from {
        "plain": plain, "semicolon": semicolon, "tabs": tabs, "words": words, "google": google, "microsoft": microsoft,
        "typeform": typeform, "qualtrics": qualtrics, "surveymonkey": monkey, "kobo": zero_one, "parquet": parquet,
        "spss": spss, "jsonl": lines, "long": long, "limesurvey": lime,
    }.items()  # fmt: skip


# -- faults: what people do to a plain file ----------------------------------------------------------------------------


def faults() -> dict[str, Callable[[Path, pd.DataFrame, dict[str, Any]], File]]:
    """Every fault and what writes a file with it."""

    def edited(change: Callable[[pd.DataFrame, pd.DataFrame, dict[str, Any]], pd.DataFrame | None],
               ask: Callable[[pd.DataFrame, dict[str, Any]], list] = lambda t, w: core(w, t),
               separator: str = ",") -> Callable[[Path, pd.DataFrame, dict[str, Any]], File]:  # fmt: skip
        def make(folder: Path, t: pd.DataFrame, w: dict[str, Any]) -> File:
            table = frame(t, w)
            table = changed if (changed := change(table, t, w)) is not None else table
            return File(write(folder / "x.csv", rows_of(table), separator), "", "", "", ask(t, w))

        return make

    def put(key: str, value: str, rows: int) -> Callable:
        def change(table: pd.DataFrame, t: pd.DataFrame, w: dict[str, Any]) -> None:
            table.loc[: rows - 1, w[key]] = value
            t.loc[: rows - 1, key] = np.nan

        return change

    def each(key: str, form: Callable[[int], str]) -> Callable:
        def change(table: pd.DataFrame, t: pd.DataFrame, w: dict[str, Any]) -> None:
            table[w[key]] = ["" if math.isnan(x) else form(int(x)) for x in t[key]]

        return change

    def codes(value: str) -> Callable:
        def change(table: pd.DataFrame, t: pd.DataFrame, w: dict[str, Any]) -> None:
            for key in ("recommend", "overall", *ITEMS):
                table.loc[t[key].isna(), w[key]] = value

        return change

    def add(name: str, value: Callable[[pd.DataFrame, dict[str, Any]], Any]) -> Callable:
        def change(table: pd.DataFrame, t: pd.DataFrame, w: dict[str, Any]) -> None:
            table[name] = value(t, w)

        return change

    def average(table: pd.DataFrame, t: pd.DataFrame, w: dict[str, Any]) -> pd.DataFrame:
        last = {w[k]: f"{t[k].mean():.2f}" for k in ("recommend", "overall", *ITEMS)} | {w["region"]: "Average"}
        return pd.concat([table, pd.DataFrame([last])], ignore_index=True)

    def steps(table: pd.DataFrame, t: pd.DataFrame, w: dict[str, Any]) -> None:
        table[w["overall"]] = [number(20 * (x - 1)) if not math.isnan(x) else "" for x in t["overall"] + 1]

    def bipolar(table: pd.DataFrame, t: pd.DataFrame, w: dict[str, Any]) -> None:
        for key in ("overall", *ITEMS):
            table[w[key]] = [number(x - 3) if not math.isnan(x) else "" for x in t[key]]

    def waves(names: tuple[str, ...], head: str) -> tuple[Callable, Callable]:
        where = lambda t: np.arange(len(t)) * len(names) // len(t)  # noqa: E731

        def change(table: pd.DataFrame, t: pd.DataFrame, w: dict[str, Any]) -> None:
            table[head] = [names[k] for k in where(t)]

        def last_change(study: Any) -> float:
            return float(cx.trend(study, "nps", wave=column(study, head)).table["change"].iloc[-1])

        def ask(t: pd.DataFrame, w: dict[str, Any]) -> list:
            by = [nps(t.loc[where(t) == k, "recommend"]) for k in range(len(names))]
            return [*core(w, t), ("last change", head, last_change, by[-1] - by[-2])]

        return change, ask

    def german(table: pd.DataFrame, t: pd.DataFrame, w: dict[str, Any]) -> None:
        rng = np.random.default_rng(1)
        t["weight"] = np.round(rng.uniform(0.5, 1.9, len(t)), 3)
        t["spend"] = np.round(rng.uniform(5, 90, len(t)), 3)
        table["weight"] = [f"{x:.3f}".replace(".", ",") for x in t["weight"]]
        table["spend"] = [f"{x:.3f}".replace(".", ",") for x in t["spend"]]

    def weighted(t: pd.DataFrame, w: dict[str, Any]) -> list:
        v = t.dropna(subset=["recommend"])
        net = np.select([v["recommend"] >= 9, v["recommend"] <= 6], [100, -100], 0)
        return [
            ("weighted nps", "weight", lambda s: estimate(cx.nps(s)), float(np.average(net, weights=v["weight"]))),
            ("mean spend", "spend", lambda s: estimate(cx.mean(s, "spend")),
             float(np.average(t["spend"], weights=t["weight"]))),
        ]  # fmt: skip

    quarters = waves(("Q3 2024", "Q4 2024", "Q1 2025"), "Quarter")
    return {
        "none": edited(lambda *_: None),
        "stray 7": edited(put("overall", "7", 1)),
        "stray 10": edited(put("price", "10", 1)),
        "stray 99": edited(put("overall", "99", 3)),
        "stray text": edited(put("recommend", "x", 1)),
        "6 is none": edited(put("service", "6", 18)),
        "dash": edited(codes("–")),
        "n/a": edited(codes("N/A")),
        "-99": edited(codes("-99")),
        "99": edited(codes("99")),
        "9/10": edited(each("recommend", lambda x: f"{x}/10")),
        "stars": edited(each("overall", lambda x: f"{x} stars")),
        "black stars": edited(each("overall", lambda x: "★" * x + "☆" * (5 - x))),
        "anchored": edited(each("recommend", lambda x: {0: "0 - not at all", 10: "10 - extremely"}.get(x, str(x)))),
        "letters": edited(each("overall", lambda x: "FDCBA"[x - 1])),
        "smileys": edited(each("overall", lambda x: "😡🙁😐🙂😀"[x - 1])),
        "kept as text": edited(each("overall", lambda x: f'="{x}"')),
        "two digits": edited(each("recommend", lambda x: f"{x:02d}")),
        "percent": edited(each("overall", lambda x: f"{25 * (x - 1)} %")),
        "bipolar": edited(bipolar, lambda t, w: [core(w, t)[0], ("csat", w["overall"],
                          lambda s: estimate(cx.csat(s, column(s, w["overall"]))), top2(t["overall"]))]),
        "steps": edited(steps, lambda t, w: [core(w, t)[0], ("csat", w["overall"],
                        lambda s: estimate(cx.csat(s, column(s, w["overall"]))), top2(t["overall"]))]),
        "average row": edited(average),
        "body weight": edited(add("weight", lambda t, w: 55 + np.arange(len(t)) % 45)),
        "nps group": edited(add("nps_group", lambda t, w: np.select(
            [t["recommend"].isna(), t["recommend"] >= 9, t["recommend"] >= 7], ["", "Promoter", "Passive"], "Detractor",
        ))),
        "repeated id": edited(add("hotel_id", lambda t, w: 100 + np.arange(len(t)) % 25)),
        "constant id": edited(add("survey_id", lambda t, w: 7)),
        "comment": edited(add("Comment", lambda t, w: [f"Nothing to say {k}" if k % 3 else "" for k in range(len(t))])),
        "quarter": edited(*quarters),
        "month": edited(*waves(("Nov-24", "Dec-24", "Jan-25", "Feb-25"), "Month")),
        "week": edited(*waves(("KW 50/2024", "KW 51/2024", "KW 2/2025"), "Woche")),
        "wave number": edited(*waves(tuple(f"Wave {k}" for k in range(8, 12)), "Wave")),
        "season": edited(*waves(("Autumn 2024", "Winter 2025", "Spring 2025"), "Season")),
        "half": edited(*waves(("FY24 H1", "FY24 H2", "FY25 H1"), "Period")),
        "called q": edited(*waves(("2024Q3", "2024Q4", "2025Q1"), "q")),
        "german numbers": edited(german, weighted, ";"),
        "name n": edited(lambda table, t, w: table.rename(columns={w["region"]: "n"}),
                         lambda t, w: core(w | {"region": "n"}, t)),
        "name estimate": edited(lambda table, t, w: table.rename(columns={w["region"]: "estimate"}),
                                lambda t, w: core(w | {"region": "estimate"}, t)),
        "name quote": edited(lambda table, t, w: table.rename(columns={w["overall"]: 'How "good" was it?'}),
                             lambda t, w: core(w | {"overall": 'How "good" was it?'}, t)),
        "blank lines": edited(lambda table, t, w: pd.concat(
            [table, pd.DataFrame([dict.fromkeys(table.columns, "")] * 3)], ignore_index=True)),
    }  # fmt: skip


def files(folder: Path, only: str = "", every: int = 1) -> Iterator[File]:
    """Make every file: each layout in every language, each fault in four languages; and those of the catalogue.

    ``only`` is a part of the name; of the files that are made, each ``every``-th.
    """
    plan = [(layout, language, "none", make, 100 + k)
            for layout, make in layouts() for k, language in enumerate(WORDS)]  # fmt: skip
    plan += [("plain", language, fault, make, 200 + k)
             for fault, make in faults().items() for k, language in enumerate(("en", "de", "ru", "zh"))]  # fmt: skip
    for layout, language, fault, make, seed in plan[::every]:
        if only in f"{layout}-{language}-{fault}":
            yield _made(folder, layout, language, fault, make, seed)
    for name, path, asked in known():
        if only in f"catalogue-{name}":
            yield File(path, "catalogue", name, "none", asked)


def _made(folder: Path, layout: str, language: str, fault: str, make: Callable, seed: int) -> File:
    here = folder / f"{layout}-{language}-{fault}".replace("/", "-").replace(" ", "_")
    here.mkdir(parents=True, exist_ok=True)
    file = make(here, survey(seed), dict(WORDS[language]))
    file.layout, file.language, file.fault = layout, language, fault
    return file


# -- the judge ---------------------------------------------------------------------------------------------------------


def judged(file: File) -> list[tuple[str, str, str]]:
    """Return of each question: what was asked, the outcome, and what came."""
    try:
        study = cx.load(file.path)
    except cx.DataProblem as problem:
        return [("load", "refused", str(problem))]
    except Exception as error:  # a raw error is a fault of its own
        return [("load", "raw error", f"{type(error).__name__}: {error}")]
    doubted = {d.column for d in getattr(study, "doubts", ())}
    out = []
    for what, about, call, right in file.asked:
        try:
            got = call(study)
        except cx.DataProblem as problem:
            out.append((what, "asked" if doubted & {about, "", *_alias(study, about)} else "refused", str(problem)))
            continue
        except Exception as error:
            out.append((what, "raw error", f"{type(error).__name__}: {error}"))
            continue
        if math.isclose(got, right, rel_tol=1e-9, abs_tol=1e-9):
            out.append((what, "right", ""))
        else:
            sure = not doubted & {about, "", *_alias(study, about)}
            out.append((what, "SILENTLY WRONG" if sure else "asked", f"{got:.4f} for {right:.4f}"))
    return out


def _alias(study: Any, wording: str) -> set[str]:
    return {f.name for f in study.codebook.fields if wording and wording in ((f.title or ""), f.name)}


def worst(outcomes: list[tuple[str, str, str]]) -> str:
    """The outcome of a file: the worst of its questions."""
    order = ("SILENTLY WRONG", "raw error", "refused", "asked", "right")
    return min((o for _, o, _ in outcomes), key=order.index)


def run(
    folder: Path, only: str = "", every: int = 1
) -> tuple[Counter[str], list[tuple[File, list[tuple[str, str, str]]]]]:
    """Read every file; return how many files ended how, and what was not right."""
    count: Counter[str] = Counter()
    rest = []
    for file in files(folder, only, every):
        outcomes = judged(file)
        count[worst(outcomes)] += 1
        if worst(outcomes) != "right":
            rest.append((file, [o for o in outcomes if o[1] != "right"]))
    return count, rest


def main() -> None:
    """Print the table."""
    warnings.simplefilter("ignore")
    only = sys.argv[1] if len(sys.argv) > 1 else ""
    with tempfile.TemporaryDirectory() as folder:
        count, rest = run(Path(folder), only)
    for file, outcomes in rest:
        for what, outcome, said in outcomes[:3]:
            print(f"{outcome:15} {file.name:40} {what:24} {said[:140]}")
    total = sum(count.values())
    print(f"\n{total} files: " + ", ".join(f"{k} {v} ({v / total:.0%})" for k, v in count.most_common()))


if __name__ == "__main__":
    main()
