"""Seeded painters: pictures whose labels are known because we drew them."""
