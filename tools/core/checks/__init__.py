"""What CI checks, on the bus, on plans and on documents.

findings   what a check reports: a rule, a place, and the command that fixes it
sources    a bus as a checker reads it, from its folder or from a commit
lines      one line of a log: as the toolkit writes it, old but readable, or neither
logs       a whole log in bounded memory: its chain, its ids, its order in time
documents  one claim or assignment by itself
bus        a whole bus: what must hold across its files
base       a bus against a base: only what is new, logs only grow, one holder a task
output     findings as text, JSON, GitHub annotations and SARIF
memory     the memory log's chain of hashes
run        the checks that CI runs, in one list
links      the quick links into the documents
commits       pure rules: what commits may touch, and under which fence
commit_facts  commits, and what the bus says of their tasks
staged        what is about to be committed or pushed
preflight  everything that must hold before a pull request, in one list
"""
