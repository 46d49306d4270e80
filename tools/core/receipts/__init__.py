"""Evidence under _report/.

write       write evidence, say where it went
kept        which snapshots stay
outputs     where --output may write
scaffold    the folder a piece of work keeps its evidence in
verify      what a run leaves behind, and the verification status of a receipt
paths       which texts may be the path of a receipt
locate      where a cited receipt is: here, on a branch, or missing
memory_log  the log that connects automation with approval, each entry hashed
process     a command until it has ended, and its output
run         evidence made by running a command
"""
