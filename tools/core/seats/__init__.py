"""Who is acting.

seat            whose seat this is; the manifests of all worktrees
manifests       swapping seats: variants and backups
saved_sessions  saved sessions: a manifest with its branch and commit
guards          the guards of a session: manifest and branch
"""
