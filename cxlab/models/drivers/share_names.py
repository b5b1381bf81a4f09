"""The measures of importance and the models behind them, in words."""

METHODS = {
    "lmg": "LMG (Shapley) shares of R²",
    "owen": "Owen values of R²",
    "dominance": "general dominance (equal to LMG) shares of R²",
    "johnson": "Johnson's relative weights",
    "first": "R² of each driver alone",
    "last": "R² that each driver adds to all others",
    "pratt": "Pratt's measure",
    "car": "squared CAR scores",
    "beta": "standardized coefficients",
    "correlation": "correlations with the outcome",
}
MODELS = {
    "linear": "R² of least squares",
    "logit": "latent R² (McKelvey-Zavoina) of a logit",
    "ordinal": "latent R² (McKelvey-Zavoina) of an ordered logit",
    "count": "link-scale R² (Nakagawa) of a Poisson regression",
    "logit-mcfadden": "McFadden's R² of a logit",
    "ordinal-mcfadden": "McFadden's R² of an ordered logit",
    "count-deviance": "deviance R² of a Poisson regression",
    "multinomial": "McFadden's R² of a multinomial logit",
}
