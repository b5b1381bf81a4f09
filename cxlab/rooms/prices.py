"""The room `cx.prices`. Written from the table in `cxlab/__init__.py` by `python tests/test_house.py`."""

from cxlab.models.price.choices import choice as choice
from cxlab.models.price.choices import willingness_to_pay as willingness_to_pay
from cxlab.models.price.named_prices import price_sensitivity as price_sensitivity
from cxlab.models.price.price_ladder import gabor_granger as gabor_granger
