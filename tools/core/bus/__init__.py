"""Claims, assignments, events and messages.

rules             who may take, keep, release and edit: pure
claim_documents   the claims and assignments, of one task or of all
feed              events and messages as lines for a terminal
presence          last signs of life, who is idle or retired
read_mark         what a seat has read of its inbox
inbox             what waits for a seat
losses            an agent that lost a task is told of it
addressees        whom a message reaches
claims            claims taken, released and paused: read, decide, commit once
posts             events and messages of the acting seat, with inbox copies
assignment_rules  pure rules: what changes when a task is given to an agent
assignments       giving a task to an agent, all or nothing
directives        a directive in its thread and the pointer to it on the hub
handoffs          dirty trees, until they are cleared or reassigned
heartbeat         the check that a manager watches and that holders are at work
status            the overview of bus_status
"""
