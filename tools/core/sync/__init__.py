"""The bus and the code of this clone, exchanged with a remote.

door          what of another place may come in: names, modes, sizes, lines, documents
memory        what a clone remembers of its exchanges
bus_branch    the bus as a worktree of its own branch
bus_commits   which branch carries the bus, and moving it
incoming      what another place's bus brings into the live one
live          what of the live bus the shared branch lacks
outgoing      commits of the bus, built on top of the remote's
turn          one turn of an exchange: fetch, bring in, build, push, remember
clone_id      the name of this clone among all
join          a clone joins the bus of its branch
exchange      turns until all is exchanged
confirm       an operation that is certain among clones
fast_forward  the code brought forward: fetch, then fast-forward only
"""
