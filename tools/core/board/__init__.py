"""The manager's board: built once from one snapshot, and every view of it.

model        the rows of the board, which are its JSON
alerts       the alarms, with the command that clears each
reminders    what waits without alarming, with the command that clears each
verdict      the decision on both, and the verdict
answers      what the history contributes
rows         the rows of every section
build        the board
text         the board as compact text
markdown     the board as Markdown
lanes        who held what from when to when
view         the parts of a page beyond the board
page         the view as HTML
github       the view as Markdown for GitHub
forms        the board in each output form
digest       the changes of a window and the open work at its end
digest_text  the digest in at most fifteen lines
"""
