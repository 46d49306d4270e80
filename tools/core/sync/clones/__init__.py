"""Which clone this is, and who works in which.

clone_id  the name of this clone among all
twins     one agent id in two clones
"""
