"""Reading: a file opened, checked and asked; nothing here needs torch."""
