"""All eight lessons: a perfect learner, every named mistake, the notebook from top to bottom, the notes."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import cxlab as cx
from cxlab.workshop import trial
from cxlab.workshop.classroom import in_language
from cxlab.workshop.lesson import Feedback, Lesson
from cxlab.workshop.outlines import NAMES, outline
from cxlab.workshop.seat import Place

SEATS = [1, 2, 3]


def learner(name: str, seat: int = 1, language: str = "en") -> Lesson:
    return Lesson(outline(name), Place("trial", seat, 3, b"trial"), language)


@pytest.mark.parametrize("name", NAMES)
def test_texts_and_notebook_keep_the_rules(name):
    assert [*trial.wrong_texts(outline(name)), *trial.wrong_notebook(outline(name))] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_written_solution_is_right_and_every_named_mistake_is_named(name):
    about, learners = outline(name), [learner(name, seat) for seat in SEATS]
    assert trial.wrong_draws(about, SEATS) == []
    assert trial.wrong_right_answers(about, learners) == []
    assert trial.wrong_mistakes(about, learners) == []


@pytest.mark.parametrize("name", NAMES)
def test_the_notebook_runs_with_answers_and_with_the_dots_left_in(name):
    about, shown = outline(name), []
    cells = json.loads(about.notebook.read_text(encoding="utf-8"))["cells"]
    code = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
    empty: dict = {"display": lambda *things: shown.extend(things)}
    for source in code:
        exec(source.replace("from IPython.display import display", ""), empty)
    assert empty["lesson"].book.events()[0]["do"] == "reveal"  # nothing was answered, nothing stopped
    asked = {}

    def answered(match: re.Match) -> str:
        question = about.questions[match[1]]
        solved = about.texts("en")["questions"][match[1]].get("solution")
        asked[match[1]] = solved or repr((question.choices or [20])[0])
        return f'seen["{match[1]}"] = lesson.check("{match[1]}", {asked[match[1]]})'

    full: dict = {"display": lambda *things: shown.extend(things), "seen": {}}
    for source in code:
        source = re.sub(r"display\((lesson\.check\(.*\))\)$", r"\1", source, flags=re.M)
        exec(trial.CHECK.sub(answered, source.replace("from IPython.display import display", "")), full)
    assert set(full["seen"]) == set(about.questions)
    assert all(isinstance(f, Feedback) and f.right is not False for f in full["seen"].values())
    assert full["lesson"].data.truth


def test_nobody_gets_better_and_the_detractors_do():
    """Reference: latent correlation .7, NPS 15: detractors' -100 becomes -53 (other answer shares)."""
    truth = learner("rebound")._drawn.truth
    assert truth["change"] == 0 and truth["again"] == pytest.approx(-53, abs=4)
    again = [trial.perfect(learner("rebound", k), "again").table["estimate"][0] for k in range(1, 13)]
    assert np.mean(again) == pytest.approx(truth["again"], abs=3 * np.std(again) / np.sqrt(12) + 0.1)
    assert min(again) > -100


def test_a_quarter_of_the_dashboards_alarm_though_nothing_changes():
    """Reference: 24.8 % at twenty looks (Armitage, McPherson & Rowe 1969, J. R. Statist. Soc. A 132, 235)."""
    from cxlab.workshop.lessons import peeking

    rng, seats = np.random.default_rng(5), 400
    found = [len(peeking.alarms(peeking.draw(rng, rng, 1))) > 0 for _ in range(seats)]
    assert abs(np.mean(found) - 0.248) < 3.5 * np.sqrt(0.248 * 0.752 / seats)


def test_weights_leave_the_bias_of_who_answers_and_the_correction_leaves_none():
    from cxlab.workshop.lessons import codes as coding
    from cxlab.workshop.lessons import weighting

    seats = range(1, 13)
    drawn = [learner("weighting", k)._drawn for k in seats]
    plain = np.mean([weighting.unweighted(d).value for d in drawn])
    weighted = np.mean([weighting.weighted(d).value for d in drawn])
    assert plain < weighted - 4
    assert weighted > drawn[0].truth["nps"] + 2
    codes = [learner("codes", k)._drawn for k in seats]
    share, machine = codes[0].truth["share"], np.mean([coding.machine(d).value for d in codes])
    corrected = [coding.corrected(d) for d in codes]
    expected = share * 0.98 + (1 - share) * 0.02  # the people's own errors stay
    assert np.mean([a.value for a in corrected]) == pytest.approx(expected, abs=0.03)
    assert machine == pytest.approx(codes[0].truth["machine"], abs=0.02)
    people = [coding.people_only(d) for d in codes]
    assert all(a.width < b.width for a, b in zip(corrected, people, strict=True))  # reading all is worth something
    machines = [coding.machine(d) for d in codes]
    assert sum(a.low <= share <= a.high for a in machines) < 6 < sum(a.low <= share <= a.high for a in corrected)


def test_a_lesson_that_breaks_a_rule_is_found_out(tmp_path):
    """The trial can fail: a copy of a lesson with one thing wrong at a time."""
    from cxlab.workshop.outlines import own_outline

    def broken(name: str, old: str, new: str, file: str) -> list[str]:
        folder = tmp_path / name
        folder.mkdir()
        source = outline("noise")
        for end, path in (("py", source.file.with_suffix(".py")), ("toml", source.file), ("ipynb", source.notebook)):
            text = path.read_text(encoding="utf-8")
            if end == file:
                assert old in text
                text = text.replace(old, new)
            (folder / f"{name}.{end}").write_text(text, encoding="utf-8")
        return trial.faults(own_outline(folder), [1, 2])

    assert broken("good", "minutes = 20", "minutes = 19", "toml") == []
    assert broken("long", "minutes = 20", "minutes = 45", "toml") == ["long (en): 45 minutes; at most 20"]
    assert broken("unasked", 'check(\\"needed\\"', 'hint(\\"needed\\"', "ipynb") == [
        'unasked.ipynb: nothing asks lesson.check("needed", ...)'
    ]
    assert broken("speechless", 'turned_round = "', 'other = "', "toml")[0] == (
        "speechless (en): mistake 'nps.turned_round' has no sentence"
    )
    said = broken("wrong", 'solution = "cx.nps(lesson.data)"', 'solution = "cx.nps(lesson.data, level=.9)"', "toml")
    assert said[0].startswith("wrong: the solution of 'nps' is not right at seat 1: Not yet. The value is right; the")
    said = broken("same", "own.choice(11, size=N", "np.random.default_rng(1).choice(11, size=N", "py")
    assert "same: 'nps': most seats have the same right answer; draw with the seat's stream" in said
    said = broken("deaf", "return number(100 * (down - up))", "return number(100 * (up - down))", "py")
    assert said == ["deaf: mistake 'nps.turned_round' is wrong at 2 of 2 seats and recognised at 0"]


def test_comments_have_the_themes_and_the_errors_that_were_asked_for():
    made = cx.simulations.simulate_comments(
        4000, seed=3, themes={"waiting": 0.3, "price": 0.7}, languages={"en": 0.5, "de": 0.5}, machine_error=(0.1, 0.3)
    )
    table, about = made.table.to_pandas(), made.truth["coded"]
    assert about.mean() == pytest.approx(0.3, abs=0.03)
    assert (made.truth["language"] == "de").mean() == pytest.approx(0.5, abs=0.03)
    assert table["machine"][~about].mean() == pytest.approx(0.1, abs=0.02)
    assert 1 - table["machine"][about].mean() == pytest.approx(0.3, abs=0.04)
    assert made.codebook.role("text") == ["comment"] or tuple(made.codebook.role("text")) == ("comment",)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"n": 0}, "n is 0; simulate at least one comment"),
        ({"themes": {"wating": 1.0}}, "theme 'wating' is not in the simulated comments; did you mean 'waiting'? "
                                      "There are: waiting, staff, price, delivery"),
        ({"themes": {"waiting": 0.4}}, "themes is {'waiting': 0.4}; give shares from 0 to 1 that sum to 1"),
        ({"coder_error": (0.1, 1.0)}, "coder_error is (0.1, 1.0); give two chances, of a false yes and a "
                                     "false no, from 0 to below 1"),
        ({"coded_n": 500}, "coded_n is 500; people can code 0 to 400 comments"),
        ({"languages": {"fr": 1.0}}, "language 'fr' is not in the simulated comments. There are: en, de"),
    ],
)  # fmt: skip
def test_comments_that_cannot_be_simulated(options, said):
    with pytest.raises(cx.DataProblem) as error:
        cx.simulations.simulate_comments(**options)
    assert str(error.value) == said


@pytest.mark.parametrize("name", NAMES)
def test_a_learner_goes_through_every_lesson_in_german(name):
    about, german = outline(name), learner(name, language="de")
    assert trial.wrong_right_answers(about, [german]) == []  # the German solution, which may be a German word
    told = about.texts("de")["questions"]
    for question in about.questions.values():
        for word, said in told[question.name].get("choices", {}).items():
            assert german.check(question.name, said.upper()).said == german.check(question.name, word).said
        if question.kind == "choice" and told[question.name].get("choices"):
            allowed = ", ".join(f'"{told[question.name]["choices"][w]}"' for w in question.choices)
            assert str(german.check(question.name, "vielleicht")) == (
                f'Nicht verstanden. "vielleicht" ist keines der Wörter; erlaubt: {allowed}.'
            )
    notebook = in_language(about, "de")
    english = json.loads(about.notebook.read_text(encoding="utf-8"))["cells"]
    cells = json.loads(notebook)["cells"]
    same = [a["id"] for a, b in zip(english, cells, strict=True) if a["source"] == b["source"]]
    assert same == [c["id"] for c in english if c["cell_type"] == "code" and c["id"] != "parameters"]


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_comment_says_what_it_is_about_in_its_own_words(language):
    """Whoever reads carefully finds the theme: the words of waiting stand in these comments and in no others."""
    made = cx.simulations.simulate_comments(2000, seed=5, languages={language: 1.0})
    words = {"en": ("wait", "queue", "in the line"), "de": ("wart", "schlange")}[language]
    texts = made.table.to_pandas()["comment"].str.lower()
    found = np.array([any(w in t for w in words) for t in texts])
    assert (found == made.truth["coded"]).all()
    assert texts.nunique() > 250 and not texts.str.contains("[{}]").any()


def test_comments_are_read_in_the_language_of_the_class():
    english, german = learner("codes"), learner("codes", language="de")
    assert german._drawn.extras["right"] == english._drawn.extras["right"]
    assert german._drawn.truth == english._drawn.truth
    read = " ".join(german.extra("read")["comment"])
    assert re.search("Minuten|Euro|Tage", read) and not re.search("minutes|euros|days", read)


def test_a_translation_that_lacks_something_is_found_out(tmp_path):
    """The rule can fail: a copy of a lesson with one thing wrong in its German at a time."""
    from cxlab.workshop.outlines import own_outline

    def broken(name: str, old: str, new: str) -> list[str]:
        folder, source = tmp_path / name, outline("rebound")
        folder.mkdir()
        files = {"py": source.file.with_suffix(".py"), "toml": source.file, "ipynb": source.notebook}
        for end, path in files.items():
            (folder / f"{name}.{end}").write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
        text = source.file.with_suffix(".de.toml").read_text(encoding="utf-8")
        assert old in text
        (folder / f"{name}.de.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
        return trial.faults(own_outline(folder), [1, 2])

    assert broken("whole", "aim", "aim") == []
    start = "(de): "
    for name, old, new, said in (
        ("title", 'title = "Regression zur Mitte"\n', "", "title is not translated"),
        ("short", 'yes = "ja"\nno = "nein"', 'yes = "ja"', "worked.choices has yes; there are yes, no"),
        ("alike", "Regression zur Mitte", "Regression to the mean", "title is as in English"),
        ("figure", "{again:0}", "-53", "notes.misconceptions has not the figures of the English text"),
        ("list", '  "Danach die Kennzahl wie immer.",\n', "", "questions.again.hints has 1 entries, 2 in English"),
        ("surplus", "[notes]\n", '[notes]\nwhy = "nichts"\n', "notes.why is not there in English"),
        ("solution", "\"'Kontrollgruppe'\"", "\"'control group'\"", "design.solution says 'control group'"),
        ("asked", "mehr Antworten\\\" oder", "anderes\\\" oder", "design.asks lacks 'mehr Antworten'"),
        ("cell", '`"mehr Antworten"`', '`"more answers"`', 'cells.explain lacks "mehr Antworten"'),
        ("words", '[questions.worked.choices]\nyes = "ja"\nno = "nein"\n', "", "worked.choices is not translated"),
    ):  # fmt: skip
        assert f"{name} {start}{said}" in broken(name, old, new)
