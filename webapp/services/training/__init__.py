"""Fine-tuning on the moderators' decisions: snapshots, runs, candidates, the promotion gate and publication."""
