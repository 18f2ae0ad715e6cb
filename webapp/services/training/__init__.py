"""From what moderators decided to a better model, and back again where it was not better."""
