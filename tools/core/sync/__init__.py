"""The bus and the code of this clone, exchanged with a remote.

clones        this clone among all: its name, who works in it, its objects
door          what may come in from outside: names, modes, sizes, lines, documents
memory        what a clone remembers of its exchanges
bus_branch    the bus as a worktree of its own branch
bus_commits   which branch carries the bus, and moving it
arrivals      what one turn brought in and left out
tree_format   what the tree of a bus says of itself
arbiter       which of two versions of a document stays
incoming      what another clone's bus brings into the live one
live          what of the live bus the shared branch lacks
unsent        since when records wait to be exchanged
finished      claims that are over, in the log of their month
outgoing      commits of the bus, built on top of the remote's
turn          one turn of an exchange: fetch, bring in, build, push, remember
joining       a clone that comes to a bus that is there already
exchange      turns until all is exchanged
confirm       an operation that is certain among clones
fast_forward  the code brought forward: fetch, then fast-forward only
"""
