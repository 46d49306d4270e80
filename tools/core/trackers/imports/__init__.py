"""Pieces of work into the backlog: everything is decided before the first file is written.

naming        ids and titles of a tracker as ids and file names of the backlog
dependencies  which piece waits for which, without circles
changes       what an import has to change: pure
writing       files into place, all or none
importing     an import from beginning to end
"""
