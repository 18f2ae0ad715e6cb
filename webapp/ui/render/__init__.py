"""Results as HTML: pure functions from records and a language's texts to markup. Every word that is not ours is escaped."""
