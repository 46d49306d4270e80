"""Evidence under _report/.

write       write evidence, say where it went
scaffold    the folder a piece of work keeps its evidence in
verify      what a run leaves behind, and what a receipt is worth
paths       which texts can be the path of a receipt
locate      where a cited receipt lies: here, on a branch, or nowhere
memory_log  the log that ties automation to approval, each entry hashed
run         evidence made by running a command
"""
