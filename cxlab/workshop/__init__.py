"""A two-hour workshop: lessons whose truth is known, a seat for each learner, a board for the class."""
