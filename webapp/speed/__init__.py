"""How fast the application answers over HTTP, beside what the machine could judge at most: `python -m webapp benchmark`."""
