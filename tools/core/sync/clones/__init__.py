"""This clone among all: its name, who works in it, and what it keeps of git's.

clone_id  the name of this clone among all
twins     one agent id in two clones
packing   loose objects of the bus, packed in passing
"""
