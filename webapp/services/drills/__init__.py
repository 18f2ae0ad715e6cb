"""Drills with scripted users: the proof that decisions improve the model, and the defence against poisoned labels."""
