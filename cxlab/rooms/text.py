"""The room `cx.text`. Written from the table in `cxlab/__init__.py` by `python tests/test_house.py`."""

from typing import TYPE_CHECKING

from cxlab.rooms import on_demand

if TYPE_CHECKING:
    from cxlab.models.text.beyond_ratings import beyond_ratings as beyond_ratings
    from cxlab.models.text.claimed_numbers import numbers_in as numbers_in
    from cxlab.models.text.cleaning import clean as clean
    from cxlab.models.text.cleaning import text_quality as text_quality
    from cxlab.models.text.code_frame import CodeFrame as CodeFrame
    from cxlab.models.text.coded import code as code
    from cxlab.models.text.discovered import discover as discover
    from cxlab.models.text.displayed_scores import displayed_score as displayed_score
    from cxlab.models.text.influence import influence as influence
    from cxlab.models.text.kept_embeddings import forget as forget
    from cxlab.models.text.label_reading import read_labels as read_labels
    from cxlab.models.text.label_sheets import label_sample as label_sample
    from cxlab.models.text.labels_beside import coded_beside as coded_beside
    from cxlab.models.text.labels_planned import labels_needed as labels_needed
    from cxlab.models.text.posting import posting as posting
    from cxlab.models.text.review_hints import review_hints as review_hints
    from cxlab.models.text.review_scores import reviews as reviews
    from cxlab.models.text.star_jump import star_jump as star_jump
    from cxlab.models.text.theme_impact import theme_impact as theme_impact
    from cxlab.models.text.theme_shares import themes as themes
    from cxlab.models.text.tone import tone as tone

__getattr__, __dir__, __all__ = on_demand(
    __name__,
    {
        "beyond_ratings": "cxlab.models.text.beyond_ratings",
        "numbers_in": "cxlab.models.text.claimed_numbers",
        "clean": "cxlab.models.text.cleaning",
        "text_quality": "cxlab.models.text.cleaning",
        "CodeFrame": "cxlab.models.text.code_frame",
        "code": "cxlab.models.text.coded",
        "discover": "cxlab.models.text.discovered",
        "displayed_score": "cxlab.models.text.displayed_scores",
        "influence": "cxlab.models.text.influence",
        "forget": "cxlab.models.text.kept_embeddings",
        "read_labels": "cxlab.models.text.label_reading",
        "label_sample": "cxlab.models.text.label_sheets",
        "coded_beside": "cxlab.models.text.labels_beside",
        "labels_needed": "cxlab.models.text.labels_planned",
        "posting": "cxlab.models.text.posting",
        "review_hints": "cxlab.models.text.review_hints",
        "reviews": "cxlab.models.text.review_scores",
        "star_jump": "cxlab.models.text.star_jump",
        "theme_impact": "cxlab.models.text.theme_impact",
        "themes": "cxlab.models.text.theme_shares",
        "tone": "cxlab.models.text.tone",
    },
)
