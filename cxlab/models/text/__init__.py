"""What customers write: labels by people, coding, shares of themes that know the classifier errs, reviews."""
