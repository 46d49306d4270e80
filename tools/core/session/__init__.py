"""A session's beginning and end.

dirty_tree  work in progress that a session met, and whose it is
push_ready  whether a branch is ready to be pushed
boot        guards, sync, handshake, peers, snapshots
brief       what a session should know of a task; the operator's checklist
next_task   one task for a seat: its claim, its branch, the brief
finish      the end of a task: checks, the branch, the records
"""
