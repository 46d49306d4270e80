"""What a manager looks at: one snapshot, computed once, and every view of it.

model         the rows of the board, which are its JSON
verdict       what a board comes to, for its reader
alerts        what may alarm, with the command that clears it
snapshot      the snapshot
render_text   the board for people: Markdown, and compact text
timeline      who held what from when to when
activity      signs of life in cells of time
history       what boards ask of the history
lanes         one lane a seat
view          what a page shows beyond the board
charts        charts as numbers
page_words    what a page says about rows
page_context  a view as the names that templates use
page          the view as HTML
github        the view as Markdown for GitHub
forms         the board in each form it is asked for
digest        what happened while somebody was away
digest_text   the same in at most fifteen lines
"""
