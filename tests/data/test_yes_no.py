"""Which of two answers is yes: words of any language, the arms of a study; what does not say it is asked."""

import numpy as np
import pytest

from cxlab.data.codebook import Field, Scale
from cxlab.data.yes_no import untreated, yes_no
from cxlab.problem import DataProblem


def read(*words: object, labels: dict | None = None) -> list:
    return [None if v != v else v for v in yes_no(np.array(words, object), Field("left", labels=labels or {})).tolist()]


@pytest.mark.parametrize(
    "words",
    [("yes", "no"), ("Ja", "Nein"), ("Sí", "No"), ("TRUE", "false"), ("1", "0"), (1.0, 0.0), (True, False),
     ("да", "нет"), ("evet", "HAYIR"), ("treated", "Control"), ("new counter", "control"), ("sent", "usual letter")],
)  # fmt: skip
@pytest.mark.parametrize(
    "nothing", [None, "", " ", float("nan"), "unknown", "N/A", "Don't know", "refused", "not asked", "keine Angabe"]
)
def test_no_answer_is_neither_yes_nor_no(words, nothing) -> None:
    assert read(*words) == [1, 0]
    assert read(*words, nothing) == [1, 0, None]


@pytest.mark.parametrize(
    "beside", ["maybe", "Perhaps", "pending", "later", "vielleicht", "partly", "in progress", "Hamburg", "2"]
)
@pytest.mark.parametrize("known", ["yes", "no", "Ja", "nein", "true", "0", "1"])
def test_what_stands_beside_yes_or_no_is_not_its_opposite(known, beside) -> None:
    with pytest.raises(DataProblem) as caught:
        read(known, beside)
    assert str(caught.value) == (
        f"'left' holds {', '.join(sorted([known, beside]))}; which of them is yes cannot be known. Label two values "
        'in the codebook, e.g. "labels": {"1": "yes", "2": "no"}'
    )


@pytest.mark.parametrize("nothing", ["unknown", "refused", "n/a"])
@pytest.mark.parametrize("known", ["yes", "no"])
def test_one_word_beside_no_answer_stays_what_it_is(known, nothing) -> None:
    assert read(known, nothing, known) == [float(known == "yes"), None, float(known == "yes")]


def test_labels_say_it_before_the_values() -> None:
    assert read("0", "1", labels={"0": "yes", "1": "no"}) == [1, 0]
    assert read(1, 2, 9, labels={"1": "Ja", "2": "Nein", "9": "Weiß nicht"}) == [1, 0, None]
    assert read(1, 2, labels={"1": "new counter", "2": "control"}) == [1, 0]
    field = Field("q", scale=Scale(1, 2, labels={"1": "no", "2": "yes"}))
    assert yes_no(np.array([1, 2]), field).tolist() == [0, 1]
    with pytest.raises(DataProblem, match="'left' holds 1, 2; which of them is yes cannot be known"):
        read(1, 2, labels={"1": "yes", "2": "maybe"})


@pytest.mark.parametrize(
    ("arms", "labels", "control"),
    [(["app", "control", "letter"], {}, "control"), (["Ja", "Nein"], {}, "Nein"), (["treatment", "usual"], {}, "usual"),
     ([0, 1, 2], {}, 0), ([0, 1], {"0": "treated", "1": "control"}, 1), ([1, 2], {"1": "new", "2": "control"}, 2),
     ([False, True], {}, False), (["new", "old"], {}, None), (["control", "placebo", "app"], {}, None),
     ([1, 2], {}, None)],
)  # fmt: skip
def test_the_untreated_arm_is_the_one_that_is_called_so(arms, labels, control) -> None:
    found = untreated(arms, Field("arm", labels=labels))
    assert found == control
    assert type(found) is type(control)
