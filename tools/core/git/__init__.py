"""The one door to git.

git      one git process, with a scrubbed environment
tracked  what git knows about paths, and since when
remotes  which remote and upstream a branch has; the lock of git work
"""
