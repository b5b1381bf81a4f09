"""Public names by subject, for what is not asked every day: `cx.importance.kano`. Written by a program."""
