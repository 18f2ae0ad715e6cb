"""Migrations, oldest first. The schema that a published one makes never changes."""
