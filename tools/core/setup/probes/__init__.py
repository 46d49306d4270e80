"""What doctor looks at: one probe a question, none of which changes anything.

probe    what a probe answers
machine  the interpreter, git, the command, the clock
bus      the checkout, the live bus, its lock and logs, the remote
server   the server that a bus is on
seats    whose seat this is, and whether its worktree fits
files    what setup wrote: configs, sandbox roots, trust, instructions, git's hooks
samples  payloads as the programs send them, made up
running  what programs would start: the hook's command line, the MCP server, Codex's own list of hooks
all      every probe in order
"""
