"""Who reads `cx.nps` is at the formula of its interval after at most four jumps."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pandas as pd

import cxlab as cx
from cxlab.models.metrics import estimates
from cxlab.stats.inference import trinomial


def test_the_interval_of_the_nps_lies_four_jumps_from_it() -> None:
    study = cx.load(pd.DataFrame({"nps": [0, 7, 9, 10] * 10}))
    ways: list[list[str]] = []

    def trace(frame: FrameType, event: str, _: Any) -> None:
        if event != "call" or frame.f_code is not trinomial.score.__code__:
            return
        way = []
        while frame is not None:
            if frame.f_code.co_filename in (estimates.__file__, trinomial.__file__):
                way.append(frame.f_code.co_name)
            frame = frame.f_back
        ways.append([name for name in way[::-1] if not name.startswith("<")])

    before = sys.getprofile()
    sys.setprofile(trace)
    try:
        cx.nps(study)
    finally:
        sys.setprofile(before)
    assert ways == [["nps", "estimates", "measured", "limits", "score"]]
