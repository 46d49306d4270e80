"""The queue of tasks.

items        the backlog: its files read, and their status line written
states       the state table: what is live, ready, waiting, done, unclaimed
ready        the ready tasks for the start of a session, read in little time
task_ids     a typed id and the task that it names or that was meant
adding       new tasks
elsewhere    tasks of another branch that this checkout lacks
pickup       what an idle agent may take from the backlog, and the taking
status_sync  the backlog's status lines brought in line with the claims
"""
