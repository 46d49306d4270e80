"""All of git behind named questions, each in one place. No other package runs git.

environment  what a git process inherits, and what not
git          one git process, and refusing what it answers
repository   what kind of repository a folder lies in
branches     the branch of a checkout, and remotes' default ones
objects      trees, blobs and commits: read and made
packs        many objects read by one process, and made by one
trees        trees entry by entry: what differs, and edited copies
refs         which commit a name names; where histories meet
history      when files came, and which contents they had
changes      what differs between commits and the checkout
commits      commits as they are made and as they were
index        the checkout's index, and one of our own
worktrees    the worktrees of a repository
checkout     moving a checkout to another commit
tracked      which paths git tracks or ignores
remotes      which remote a branch has; fetch, push and their lock
"""
