"""Who is acting.

seat            the acting seat; the manifests of all worktrees
manifest_file   the file that says whose seat a checkout is
manifests       activating seats: variants and backups
saved_sessions  saved sessions: a manifest with its branch and commit
guards          the guards of a session: manifest and branch
"""
