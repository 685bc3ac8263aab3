"""A crawler's puzzle, collected and solved: pages of numbers whose digits are cut from a sprite by style rules.

``page`` reads a page, ``strip`` and ``sheet`` read its sprite, ``site`` and ``visit`` talk to the server, ``job`` keeps
what is known; ``collect`` and ``solve`` are the two stories that the command line tells.
"""
