"""Training data: data sets on disk, pseudo-fakes with their blending masks, and augmentation."""
