"""Cases: what is opened for moderators, who holds it, what they say, what is decided."""
