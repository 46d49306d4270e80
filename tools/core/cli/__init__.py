"""The shell: options, output, errors to exit codes.

bootstrap   how this process was started, and the environment it needs
commands    the commands there are, read without importing them
hints       hints spelled in the form in which this process was started
params      the values that options take
run         one run of a command: its workspace, its seat, its answers
docstrings  the help, where Python dropped the docstrings
hook_program  the program that agents' own programs call at each event
app         the way in: shared options, errors to exit codes
reference   the reference of all commands, read from the commands
"""
