"""The derived index of the bus: SQLite in the cache folder, rebuilt whenever it is not what the files say.

schema     the tables
rows       one record of a log as a row
settle     what follows from records that came or are gone
owner      which bus the index belongs to
build      catching up with the logs
marks      how far the index has read, without SQLite
seal       whether a file of it is as it was left
database   opening the index, whatever has become of its file
"""
