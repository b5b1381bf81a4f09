"""How many of the best answers count as satisfied, and what their share is called."""

from __future__ import annotations

import re

from cxlab.data.codebook import Scale

TOP_BOX = re.compile(r"Top-(?:\d+-)?box share\b")
"""How `box_share` calls the share of the best answers."""


def usual_boxes(scale: Scale, /) -> int:
    """Return how many of the best answers count as satisfied: two of four and more, else one.

    >>> usual_boxes(Scale(1, 5)), usual_boxes(Scale(1, 3))
    (2, 1)
    """
    return 2 if scale.points >= 4 else 1


def box_share(many: int, /) -> str:
    """Return what the share of the best ``many`` answers is called: by the number of answers in it.

    >>> box_share(1), box_share(2)
    ('Top-box share', 'Top-2-box share')
    """
    return f"Top-{many}-box share" if many > 1 else "Top-box share"
