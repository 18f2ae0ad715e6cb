"""Evaluation: metrics, calibration, robustness, public benchmarks, and measurements of speed."""
