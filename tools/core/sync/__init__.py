"""The bus and the code of this clone, exchanged with a remote.

adopt         a bus folder and a branch, united
bus_branch    the bus as a worktree of its own branch
bus_commits   commits of the bus, built with an index of our own
incoming      what another clone's bus brings into the live one
outgoing      a commit on top of the remote's, and its push
exchange      the bus of this clone and the remote's made one, record by record
fast_forward  the code brought forward: fetch, then fast-forward only
"""
