"""Training: configuration, training pairs, targets, losses, and the training loop."""
