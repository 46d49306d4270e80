"""Work taken over from other trackers, and given back to them.

pieces         a piece of work in words that all trackers share
outgoing       a task of this backlog in those words
formats        the trackers' own formats, each read, written or both
item_text      the backlog file of a piece, in parts that are compared
backlog_files  the backlog as an import meets it
kept           what was imported, byte for byte
comments       comments of a tracker as notes in a task's thread
imports        pieces of work into the backlog
exporting      the backlog as outgoing tasks
export_file    where an export is written
"""
