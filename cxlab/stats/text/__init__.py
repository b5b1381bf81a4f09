"""Maths for what people write: shares and regressions that know the classifier errs, features, engines, cleaning."""
