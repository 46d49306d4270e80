"""Claims, assignments, events and messages.

path_patterns    whether two path patterns may name the same file
path_rule        whether a seat may edit a path: the one rule of hooks, commits and pushes
claim_rules      pure rules: who may take and keep a task
release_rules    pure rules: who may give a task back, pause it, or relieve its holder
claim_documents  what the claims and assignments say, as they were read
feed             events and messages as one stream of entries
presence         last signs of life, who is idle or retired
inbox            what waits for a seat
claims           claims taken, released and paused: read, decide, commit once
posts            events and messages of the acting seat, with inbox copies
assignments      giving a task to an agent, all or nothing
directives       a directive in its thread and the pointer to it on the hub
handoffs         trees that were dirty, until they are cleared or reassigned
heartbeat        the check that a manager watches and that holders are at work
status           what bus_status shows
"""
