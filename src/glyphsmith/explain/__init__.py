"""Why a reader answered as it did, from the outputs of its file alone; works without torch."""

from glyphsmith.explain.overlay import Explanation, draw_explanation, explain

__all__ = ["Explanation", "draw_explanation", "explain"]
