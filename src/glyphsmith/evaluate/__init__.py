"""A reader against labelled pictures: figures with their intervals, and one page that a person reads."""

from glyphsmith.evaluate.evaluation import Evaluation, evaluate, part_indices
from glyphsmith.evaluate.story import Story
from glyphsmith.evaluate.text import TextEvaluation

__all__ = ["Evaluation", "Story", "TextEvaluation", "evaluate", "part_indices"]
