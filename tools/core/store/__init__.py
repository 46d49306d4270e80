"""The bus behind four verbs: read, tail, get, commit.

merge  pure rules: what two clones' logs and documents become
files  the bus as files
api    the verbs
"""
