"""A session's beginning and end.

dirty_tree  uncommitted work at boot, and its owner
push_ready  whether a branch is ready to be pushed
standing    a seat's work, its mail, what it lost, the best task, the next command
greeting    the handshake of a session
boot        guards, sync, handshake, peers, snapshots
brief       the claim and the newest records of a task; the operator's checklist
next_task   one task for a seat: its claim, its branch, the brief
finish      the end of a task: checks, the branch, the records
"""
