"""What happens when an agent's program calls at an event; standard library alone, no process, no waiting.

A bus on a server is asked over the network, with its driver; one in files never.

patch         the files that a patch changes
shell_words   the files that a shell command changes, as far as it can be told
call          an event as a program sent it, in words of our own
surroundings  where the call comes from: checkout, bus, seat, claims
memory        what has been said already, kept beside the bus
mail          what is new for a seat
server        what a hook asks where the bus is on a server
bus           what a hook asks of the bus, be it files or a server
texts         what a hook says: our own sentences, ids, counts and ages
edits         whether an edit may go on, and who touched the same file
heartbeat     the one record that a hook writes
answer        one event from call to answer
"""
