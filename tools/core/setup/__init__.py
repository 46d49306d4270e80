"""Making a repository ready, and the programs of agents in it.

init          what init does to a repository
vouched_locks  locks that are trusted on somebody's word
config        other people's config files, changed and put back
instructions  what instructs agents: AGENTS.md, CLAUDE.md, the skill
launchers     the scripts that configs and git's hooks start
ledger        what setup has put where, and how it was before
git_hooks     the guard in git's hooks
plan          what should be in which file
programs      what only a program itself can put into its settings
decide        what becomes of each file
agents        setting programs up and taking them out again
clone         a clone as setup sees it
worktrees     worktrees of seats
byte_code     the toolkit compiled, where Python keeps nothing
probes        what doctor looks at
"""
