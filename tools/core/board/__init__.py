"""The manager's board: one snapshot, computed once.

model        the rows of the board, which are its JSON
alerts       what may alarm, with the command that clears it
snapshot     the snapshot
render_text  the board for people: Markdown, and compact text
"""
