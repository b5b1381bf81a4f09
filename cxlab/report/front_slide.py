"""The first slide: the message, its findings and the picture that carries them."""

from __future__ import annotations

import base64
import io
import math
import re
from collections.abc import Mapping
from typing import Any

from pptx.util import Inches

from cxlab.languages import speech
from cxlab.languages.one_and_many import agreed
from cxlab.report.collect import Made, subject
from cxlab.report.deck import Deck, described
from cxlab.report.workbook import facts, first_message

ACROSS, ROOM = 88, 2.9
"""Letters on a line of a finding, and inches for all of them, on a first slide without a picture."""
BESIDE = (6.9, 1.6, 6.0, 4.4)
"""Where the picture stands, in inches."""
NARROW, TALL = 50, 4.2
"""Letters on a line and inches for the findings beside a picture."""
MESSAGE = re.compile(r"""class=["'][^"']*cx-message""")
PICTURE = re.compile(r'<img[^>]*?src="data:image/png;base64,([^"]+)"[^>]*>')


def add(deck: Deck, report: Made) -> None:
    """Add the first slide: what was found where the report has a message; what was asked of which data."""
    data, style = report.run["data"], deck.style
    told = first_message(report)
    named = report.notebook.replace("-", " ").capitalize()
    shown = carrier(report, told) if told else None
    slide = deck.slide(speech.said(told["title"] if told else named), first=shown is None)
    if told:
        findings(deck, slide, [speech.said(row["finding"]) for row in told["table"]], beside=shown is not None)
    if shown is not None:
        draw(deck, slide, shown, told["title"])
    about = f"{speech.said(named)}: {subject(report)}" if told else subject(report)
    deck.text(slide, about, (0.9, 6.1 if told else 3.5, 11.5, 0.5), 16 if told else 24, "about")
    mark = "SIMULATED DATA: made by a program, no real customers. " if data.get("simulated") else ""
    rows = agreed(f"{data['rows']:,} rows. ") if isinstance(data.get("rows"), int) else ""
    made = f"{mark}{rows}Made {report.run['made'][:10]} by cxlab {report.run['cxlab']}."
    deck.text(slide, speech.said(made), (0.9, 6.65 if told else 4.4, 11.5, 0.5), 14, "made")
    if style.logo and deck.own:
        top, tall = (0.08, 0.4) if shown is not None else (0.6, 0.9)
        logo = slide.shapes.add_picture(io.BytesIO(style.logo), Inches(0.9), Inches(top), height=Inches(tall))
        described(logo, style.name or "logo")
    slide.notes_slide.notes_text_frame.text = "\n".join(f"{name}: {words}" for name, words in facts(report))


def findings(deck: Deck, slide: Any, found: list[str], *, beside: bool) -> None:
    """Add the findings below one another; each has the lines that it needs."""
    across, room = (NARROW, TALL) if beside else (ACROSS, ROOM)
    left, top, width = (0.6, 1.6, 6.1) if beside else (0.9, 3.0, 11.5)
    lines = [f"{k}. {words}" for k, words in enumerate(found, 1)]
    tall = [0.3 * math.ceil(len(line) / across) + 0.2 for line in lines]  # inches; long ones wrap
    tight = min(1.0, room / sum(tall)) if lines else 1.0
    for k, line in enumerate(lines):
        place = (left, top + tight * sum(tall[:k]), width, tight * tall[k])
        deck.text(slide, line, place, 18 if tight == 1 else 14, f"finding-{k + 1}")


def carrier(report: Made, told: Mapping[str, Any]) -> Mapping[str, Any] | bytes | None:
    """Return the result that carries the message where a chart can show it, else the page's picture of it, if any."""
    from cxlab.report.slides import charted, in_time

    of = (told.get("parts") or {}).get("of") or {}
    same = (r for r in report.results.values() if (r.get("kind"), r.get("title")) == (of.get("kind"), of.get("title")))
    result = next(same, None)
    if result and result["kind"] != "crosstab" and (in_time(result) or charted(result)):
        return result
    page = report.folder / "index.html"
    if not (told.get("parts") or {}).get("drawn") or not page.is_file():
        return None
    parts = MESSAGE.split(page.read_text(encoding="utf-8"), maxsplit=1)
    found = PICTURE.search(parts[-1].partition("<h2")[0]) if len(parts) > 1 else None
    return base64.b64decode(found[1]) if found else None


def draw(deck: Deck, slide: Any, shown: Mapping[str, Any] | bytes, title: str) -> None:
    """Add the chart of a result, or a picture as large as its place allows; ``title`` says what it shows."""
    from cxlab.report.slides import bars, charted, in_time, lines

    if isinstance(shown, Mapping):
        if over := in_time(shown):
            lines(deck, slide, shown, over, BESIDE)
        else:
            bars(deck, slide, shown, charted(shown), BESIDE)
        return
    left, top, width, height = deck.place(BESIDE, slide)
    picture = slide.shapes.add_picture(io.BytesIO(shown), left, top)
    scale = min(width / picture.width, height / picture.height)
    picture.width, picture.height = int(picture.width * scale), int(picture.height * scale)
    described(picture, title)
    deck.tagged(picture, "picture")
