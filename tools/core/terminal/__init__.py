"""The board on a whole terminal screen: rows to the column, keys, a thread, an answer.

width    how many columns a text takes, and cutting it to some
strips   signs of life in block characters
rows     a row: its words in columns, and what can be done with it
views    the rows of each view
state    what was pressed, and what follows from it
screen   the screen as lines
app      the loop; the home of textual
"""
