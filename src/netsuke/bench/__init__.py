"""Figures: the same models on several boards, as tables."""
