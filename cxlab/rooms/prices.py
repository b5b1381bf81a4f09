"""The room `cx.prices`. Written from the table in `cxlab/__init__.py` by `python tests/test_house.py`."""

from typing import TYPE_CHECKING

from cxlab.rooms import on_demand

if TYPE_CHECKING:
    from cxlab.models.price.choice_design import choice_design as choice_design
    from cxlab.models.price.choices import choice as choice
    from cxlab.models.price.choices import willingness_to_pay as willingness_to_pay
    from cxlab.models.price.named_prices import price_sensitivity as price_sensitivity
    from cxlab.models.price.price_ladder import gabor_granger as gabor_granger
    from cxlab.models.price.stated_premium import stated_premium as stated_premium
    from cxlab.models.price.worth_in_money import worth_in_money as worth_in_money

__getattr__, __dir__, __all__ = on_demand(
    __name__,
    {
        "choice_design": "cxlab.models.price.choice_design",
        "choice": "cxlab.models.price.choices",
        "willingness_to_pay": "cxlab.models.price.choices",
        "price_sensitivity": "cxlab.models.price.named_prices",
        "gabor_granger": "cxlab.models.price.price_ladder",
        "stated_premium": "cxlab.models.price.stated_premium",
        "worth_in_money": "cxlab.models.price.worth_in_money",
    },
)
