"""Moderation of cases: opening, ranking, claims, labels, decisions and their export."""
