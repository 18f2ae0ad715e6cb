"""Drills with scripted users: decisions improve the model, and poisoned labels do not harm it."""
