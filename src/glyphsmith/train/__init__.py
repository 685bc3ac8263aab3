"""Learning: recipes, the training loop, what is chosen by itself and why, and what is said when it fails."""
