"""The bus behind four verbs: read, tail, get, commit.

api    the verbs, and what a commit is made of
merge  pure rules: what two clones' logs and documents become
files  the bus as files
"""
