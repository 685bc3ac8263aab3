"""Scores to results, one module per task."""
