"""Use cases of the application."""
