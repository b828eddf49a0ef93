"""The pool `grading`: draws challenges and judges answers, which are in the database of grades."""
