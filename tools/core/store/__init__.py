"""The bus behind two protocols: a store that reads and commits, and a history that answers questions.

addresses   how people are shown what a bus holds
answers     what the questions to a history are answered with
api         what a commit is made of
contract    the protocols
streams     the streams of a query, and their records
one_by_one  documents where a question costs nothing
redacted    what a commit writes, with its secrets replaced
live        which of all documents are live
layout      how the bus lies in the tree of a commit
merge       pure rules: what two clones' logs and documents become
signpost    where a bus is that is not in files
files       the bus as files
postgres    the bus on a server
backend     which store a workspace has
"""
