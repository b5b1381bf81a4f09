"""Scales hold nearly all answers, batteries vote, texts between ratings are no answers: on files made here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.data import coding, scales, wording

RNG = np.random.default_rng(11)


def ratings(n: int, low: int = 1, high: int = 5) -> np.ndarray:
    return RNG.integers(low, high + 1, n)


def estimate(result: cx.Result) -> float:
    return float(result.table["estimate"].iloc[0])


def same_on_every_engine(table: pd.DataFrame, path: Path) -> list[cx.Study]:
    import polars as pl

    table.to_csv(path / "t.csv", index=False)
    table.to_parquet(path / "t.parquet")
    return [cx.load(path / "t.csv"), cx.load(path / "t.parquet"), cx.load(table), cx.load(pl.from_pandas(table))]


def test_one_stray_code_in_one_item_of_a_battery_leaves_the_others_alone(tmp_path):
    table = pd.DataFrame({f"service_{c}": ratings(400) for c in "abcde"})
    table.loc[7, "service_b"] = 7
    right = {c: (table[c] >= 4)[table[c] <= 5].mean() for c in table}
    for study in same_on_every_engine(table, tmp_path):
        for name, share in right.items():
            assert (study.field(name).scale.minimum, study.field(name).scale.maximum) == (1, 5)
            assert estimate(cx.csat(study, name)) == pytest.approx(share, abs=1e-12)
        assert ["out-of-scale", "service_b", 1] in cx.quality(study).table[["check", "question", "n"]].values.tolist()


def test_one_stray_ten_among_a_thousand(tmp_path):
    table = pd.DataFrame({"satisfaction": ratings(1000)})
    table.loc[3, "satisfaction"] = 10
    for study in same_on_every_engine(table, tmp_path):
        assert study.field("satisfaction").scale.maximum == 5
        assert estimate(cx.csat(study)) == pytest.approx((table["satisfaction"].between(4, 5)).sum() / 999)


def test_a_code_that_only_a_neighbour_has_is_no_answer_and_is_asked():
    table = pd.DataFrame(
        {"satisfaction with staff": [*ratings(90), *[6] * 10], "satisfaction with price": ratings(100)}
    )
    study = cx.load(table)
    assert study.field("satisfaction with staff").missing == {"6": "no answer (guessed)"}
    assert study.field("satisfaction with price").scale.maximum == 5
    asked = [d.settings for d in study.doubts if d.column == "satisfaction with staff"]
    assert ("", "scale=1-6 missing=") in asked


@pytest.mark.parametrize("top", [4, 5, 6, 7, 9, 10])
def test_a_battery_keeps_a_scale_that_all_of_its_items_use(top):
    study = cx.load(pd.DataFrame({f"satisfaction {c}": ratings(300, 1, top) for c in "abcd"}))
    assert {f.scale.maximum for f in study.codebook} == {top}
    assert not any(f.missing for f in study.codebook)


def test_an_item_on_a_longer_scale_of_its_own_keeps_it():
    table = pd.DataFrame({f"satisfaction {c}": ratings(300) for c in "abc"} | {"satisfaction d": ratings(300, 1, 7)})
    tops = {f.name: f.scale.maximum for f in cx.load(table).codebook}
    assert tops == {"satisfaction a": 5, "satisfaction b": 5, "satisfaction c": 5, "satisfaction d": 7}


@pytest.mark.parametrize(
    ("codes", "ends", "missing"),
    [
        ([-2, -1, 0, 1, 2], (-2, 2), set()),
        ([-1, 0, 1], (-1, 1), set()),
        ([-3, -2, -1, 0, 1, 2, 3], (-3, 3), set()),
        ([*range(-5, 6)], (-5, 5), set()),
        ([-2, -1, 0, 1, 2, -99], (-2, 2), {"-99"}),
        ([-1, 1, 2, 3, 4, 5], (1, 5), {"-1"}),
        ([-9, 1, 2, 3, 4, 5], (1, 5), {"-9"}),
        ([-2, -1, 1, 2, 3, 4, 5], (1, 5), {"-2", "-1"}),
    ],
)
def test_negative_codes_are_answers_where_they_are_contiguous(codes, ends, missing):
    made = scales.infer({str(c): 20 for c in codes}, {}, {}, ("satisfaction", ""), "satisfaction")
    assert (made.scale.minimum, made.scale.maximum) == ends
    assert set(made.missing) == missing


@pytest.mark.parametrize(
    ("codes", "ends", "step", "top"),
    [
        ([0, 20, 40, 60, 80, 100], (0, 100), 20, (80, 100)),
        ([10, 20, 30, 40, 50], (10, 50), 10, (40, 50)),
        ([0, 25, 50, 75, 100], (0, 100), 25, (75, 100)),
        ([1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5], (1, 5), 0.5, (4.5, 5)),
    ],
)
def test_scales_in_steps_have_their_own_points(codes, ends, step, top):
    table = pd.DataFrame({"satisfaction": codes * 12})
    study = cx.load(table)
    scale = study.field("satisfaction").scale
    assert (scale.minimum, scale.maximum, scale.step, scale.points) == (*ends, step, len(codes))
    assert estimate(cx.csat(study)) == pytest.approx(table["satisfaction"].between(*top).mean())
    assert estimate(cx.mean(study)) == pytest.approx(table["satisfaction"].mean())
    assert cx.check(study) == ()


@pytest.mark.parametrize("step", [0, -1, 3])
def test_a_step_leads_from_one_end_to_the_other(step):
    with pytest.raises(cx.DataProblem) as error:
        cx.Scale(0, 100, step=step)
    assert str(error.value) == (
        f"scale runs from 0 to 100 in steps of {step}; the step must be above 0 and lead from the minimum "
        "to the maximum"
    )


STRAYS = [
    "x",
    "5*",
    "nicht beantwortet",
    "-oth-",
    "k.A.",
    "–",
    "weiß nicht",
    "не знаю",
    "無回答",
    "ns/nc",
    "see comment",
]


@pytest.mark.parametrize("stray", STRAYS)
def test_one_stray_text_does_not_make_an_outcome_a_segment(stray, tmp_path):
    answers = [str(v) for v in ratings(100)]
    pd.DataFrame({"satisfaction": [*answers, stray], "id": range(101)}).to_csv(tmp_path / "s.csv", index=False)
    study = cx.load(tmp_path / "s.csv")
    assert (study.field("satisfaction").role, study.field("satisfaction").scale.maximum) == ("outcome", 5)
    assert estimate(cx.csat(study)) == pytest.approx(np.mean([int(v) >= 4 for v in answers]))


def test_many_texts_among_numbers_stay_texts():
    assert coding.read({"1": 10, "2": 10, "red": 5}) is None


@pytest.mark.parametrize(
    ("texts", "codes", "top"),
    [
        (["9/10", "10/10", "7/10"], [9, 10, 7], 10),
        (["5 stars", "4 stars", "1 star"], [5, 4, 1], 5),
        (["★★★", "★★★★★", "★"], [3, 5, 1], 5),
        (["★★★☆☆", "★★★★★", "★☆☆☆☆"], [3, 5, 1], 5),
        (["4.1 out of 5", "3.9 out of 5"], [4.1, 3.9], 5),
        (["4 von 5", "5 von 5"], [4, 5], 5),
        (["4 sur 5", "2 sur 5"], [4, 2], 5),
        (["5 Sterne", "1 Stern"], [5, 1], 5),
        (["5 estrellas", "4 estrellas"], [5, 4], 5),
        (["5星", "3星"], [5, 3], 5),
        (["0 - not at all", "1", "2", "3", "4", "5 - very"], [0, 1, 2, 3, 4, 5], 0),
    ],
)
def test_ratings_as_people_write_them(texts, codes, top, tmp_path):
    found = coding.read(dict.fromkeys(texts, 9))
    read = [found.codes.get(t, float(t) if t.isdigit() else None) for t in texts]
    assert (read, found.top) == (codes, top)
    pd.DataFrame({"id": range(10 * len(texts)), "rating": texts * 10}).to_csv(tmp_path / "r.csv", index=False)
    study = cx.load(tmp_path / "r.csv")
    assert estimate(cx.mean(study, "rating")) == pytest.approx(np.mean(codes))


LABELS = {
    "en": ["Very dissatisfied", "Dissatisfied", "Neither satisfied nor dissatisfied", "Satisfied", "Very satisfied"],
    "de": ["sehr unzufrieden", "eher unzufrieden", "teils, teils", "eher zufrieden", "sehr zufrieden"],
    "fr": ["Pas du tout d'accord", "Plutôt pas d'accord", "Ni d'accord ni pas d'accord", "Plutôt d'accord",
           "Tout à fait d'accord"],
    "es": ["Totalmente en desacuerdo", "En desacuerdo", "Ni de acuerdo ni en desacuerdo", "De acuerdo",
           "Totalmente de acuerdo"],
    "it": ["Molto insoddisfatto", "Insoddisfatto", "Né soddisfatto né insoddisfatto", "Soddisfatto",
           "Molto soddisfatto"],
    "pt": ["Muito insatisfeito", "Insatisfeito", "Nem satisfeito nem insatisfeito", "Satisfeito", "Muito satisfeito"],
    "nl": ["Helemaal mee oneens", "Mee oneens", "Neutraal", "Mee eens", "Helemaal mee eens"],
    "pl": ["Bardzo niezadowolony", "Niezadowolony", "Ani zadowolony, ani niezadowolony", "Zadowolony",
           "Bardzo zadowolony"],
    "ru": ["Полностью не удовлетворен", "Скорее не удовлетворен", "Нейтрально", "Скорее удовлетворен",
           "Полностью удовлетворен"],
    "el": ["Διαφωνώ απόλυτα", "Διαφωνώ", "Ούτε συμφωνώ ούτε διαφωνώ", "Συμφωνώ", "Συμφωνώ απόλυτα"],
    "tr": ["Hiç memnun değilim", "Memnun değilim", "Kararsızım", "Memnunum", "Çok memnunum"],
    "zh": ["非常不满意", "不满意", "一般", "满意", "非常满意"],
    "ja": ["まったくそう思わない", "あまりそう思わない", "どちらともいえない", "ややそう思う", "とてもそう思う"],
    "ko": ["매우 불만족", "불만족", "보통", "만족", "매우 만족"],
    "ar": ["لا أوافق بشدة", "لا أوافق", "محايد", "أوافق", "أوافق بشدة"],
}  # fmt: skip


@pytest.mark.parametrize("language", LABELS)
def test_answer_texts_of_fifteen_languages_have_an_order(language):
    texts = LABELS[language]
    assert wording.order(sorted(texts)) == {t: i for i, t in enumerate(texts, 1)}


@pytest.mark.parametrize("language", LABELS)
def test_texts_that_nobody_chose_in_one_question_do_not_shift_its_codes(language, tmp_path):
    texts = np.array(LABELS[language])
    full, short = ratings(200), ratings(200, 2, 5)
    pd.DataFrame({"q1": texts[full - 1], "q2": texts[short - 1]}).to_csv(tmp_path / "w.csv", index=False)
    study = cx.load(tmp_path / "w.csv")
    assert estimate(cx.mean(study, "q2")) == pytest.approx(short.mean())
    assert estimate(cx.csat(study, "q2")) == pytest.approx((short >= 4).mean())


@pytest.mark.parametrize(
    ("name", "ends", "best"),
    [
        ("Overall satisfaction (1 = very satisfied, 5 = very dissatisfied)", (1, 5), "low"),
        ("Zufriedenheit insgesamt (1 = sehr unzufrieden, 7 = sehr zufrieden)", (1, 7), "high"),
        ("How satisfied are you overall, from 1 to 10?", (1, 10), "high"),
    ],
)
def test_a_heading_that_says_the_scale_is_believed_as_a_question_would_be(name, ends, best):
    scale = cx.load(pd.DataFrame({name: [1 + k % 5 for k in range(100)]})).field(name).scale
    assert ((scale.minimum, scale.maximum), scale.best) == (ends, best)


def test_two_questions_on_two_usual_scales_keep_their_own_and_ask():
    codes = np.random.default_rng(2).integers(1, 8, (200, 2))
    frame = pd.DataFrame({"Overall satisfaction": np.minimum(codes[:, 0], 5), "Overall experience": codes[:, 1]})
    study = cx.load(frame)
    assert [study.field(c).scale.maximum for c in frame] == [5, 7]
    right = (frame["Overall satisfaction"] >= 4).mean()
    assert cx.csat(study, "Overall satisfaction").table["estimate"].iloc[0] == pytest.approx(right)
    assert [d.question for d in study.doubts if d.column == "Overall satisfaction"] == [
        "its answers end at 5, those of the ratings beside it at 7"
    ]


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize(("top", "apart"), [(4, [8]), (4, [8, 9]), (5, [9]), (5, [8, 9]), (5, [7, 8, 9]), (7, [9])])
def test_codes_apart_from_a_complete_scale_are_no_answers_and_are_asked(tmp_path, top, apart, alone):
    codes = [*range(1, top + 1), *apart]
    names = ["satisfaction"] if alone else ["staff", "price", "speed"]
    rows = [[codes[(i + k * (i // 9)) % len(codes)] for k in (0, 1, 2)[: len(names)]] for i in range(40 * len(codes))]
    path = tmp_path / "a.csv"
    path.write_text(
        ",".join(["shop", *names])
        + "\n"
        + "".join(f"{'ab'[i % 2]},{','.join(map(str, r))}\n" for i, r in enumerate(rows))
    )
    study = cx.load(path)
    for k, name in enumerate(names):
        kept = [r[k] for r in rows if r[k] <= top]
        assert cx.mean(study, name).table[["n", "estimate"]].to_numpy().tolist() == [
            [len(kept), pytest.approx(sum(kept) / len(kept))]
        ]
        assert study.codebook[name].scale.maximum == top
    assert [d for d in study.doubts if names[0] in d.columns and "taken as no answer" in d.question]


def test_a_scale_to_ten_that_few_answered_keeps_its_nine():
    study = cx.load(pd.DataFrame({"satisfaction": [1, 2, 3, 4, 5, 9] * 8}))
    assert study.codebook["satisfaction"].scale.maximum >= 9


@pytest.mark.parametrize("blank", [" ", "\u00a0", "\u202f", "'", "\u2019"])
@pytest.mark.parametrize("part", ["", ",50", ".50"])
def test_thousands_parted_by_a_blank_are_numbers(tmp_path, blank, part):
    spent = [(i * 7919) % 90_000 for i in range(80)]
    shown = [f"{v:,}".replace(",", blank) + part for v in spent]
    path = tmp_path / "a.csv"
    path.write_text("spend;satisfaction\n" + "".join(f"{t};{1 + i % 5}\n" for i, t in enumerate(shown)))
    study = cx.load(path)
    right = sum(spent) / 80 + (0.5 if part else 0)
    assert cx.mean(study, "spend").table["estimate"].tolist() == [pytest.approx(right)]


@pytest.mark.parametrize("low", [True, False], ids=["1 is easy", "1 is difficult"])
@pytest.mark.parametrize(
    "said",
    [
        "Effort (1 {} - 7 {})",
        "How easy was it? 1 = {}, 7 = {}",
        "How much effort did it take (1: {}; 7: {})",
        "Wie einfach war es? (1 = {}, 7 = {})",
    ],
)
def test_which_end_of_effort_is_best_is_one_answer(said, low, tmp_path):
    """Whatever the question is called, its measure and its scale say the same, and its score is made."""
    words = ("sehr leicht", "sehr schwer") if said.startswith("Wie") else ("very easy", "very difficult")
    name = said.format(*(words if low else words[::-1]))
    table = pd.DataFrame({name: ratings(300, 1, 7), "shop": ["a", "b", "c"] * 100})
    table.to_csv(tmp_path / "e.csv", index=False)
    study = cx.load(tmp_path / "e.csv")
    made = study.field(name)
    assert (made.measure, made.scale.best) == (("effort-v1", "low") if low else ("effort-v2", "high"))
    easy = table[name] <= 3 if low else table[name] >= 5
    assert estimate(cx.ces(study)) == pytest.approx(easy.mean())


AMOUNTS = {
    "how much": ("How much effort did it take?", {1: "Very low", 3: "Neither", 5: "Very high"}, "low"),
    "how much, turned": ("How much effort did it take?", {1: "Very high", 3: "Neither", 5: "Very low"}, "high"),
    "agreed": (
        "I had to put much effort forth: amount of effort",
        {1: "Strongly disagree", 5: "Strongly agree"},
        "low",
    ),
    "ease": ("How much effort did it take?", {1: "Very easy", 3: "Neither", 5: "Very difficult"}, "low"),
    "ease, turned": ("How much effort did it take?", {1: "Very difficult", 5: "Very easy"}, "high"),
    "in German": ("Wie hoch war der Aufwand?", {1: "sehr schwierig", 5: "sehr einfach"}, "high"),
    "in German, turned": ("Wie hoch war der Aufwand?", {1: "sehr einfach", 5: "sehr schwierig"}, "low"),
    "agreed in French": ("niveau d'effort", {1: "pas du tout d'accord", 5: "tout à fait d'accord"}, "low"),
    "ease in French": ("niveau d'effort", {1: "très difficile", 5: "très facile"}, "high"),
    "ease in Turkish": ("ne kadar çaba", {1: "çok zor", 5: "çok kolay"}, "high"),
}


@pytest.mark.parametrize("case", AMOUNTS)
def test_an_amount_of_effort_is_bad_and_ease_is_good(case):
    """Labels of amounts and of agreement count the other way round where effort is asked, verdicts on ease do not."""
    question, labels, best = AMOUNTS[case]
    assert wording.measure(question) == "effort-v1"
    codes = {str(k): t for k, t in labels.items()}
    assert wording.direction(codes, "effort-v1")[0] == best
    made = scales.infer({str(k): 20 for k in range(1, 6)}, codes, {}, ("q", question), "effort-v1")
    assert made.scale.best == best
