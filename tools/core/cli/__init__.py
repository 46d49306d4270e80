"""The shell: options, output, errors to exit codes.

bootstrap   how this process was started, and the environment it needs
commands    what each command is called, and its module
hints       hints spelled in the form in which this process was started
params      the values that options take
run         one run of a command: its workspace, its seat, its answers
hook_program  the program that agents call at each event
decorators  what a command is made of, as data: options, groups, shared options
docstrings  the help, where Python dropped the docstrings
plain_reader  a command line of whole option names, read by the declarations alone
explained   click, built from the declarations: helps, errors, short forms, arguments
mistyped    the command that was probably meant by words that no command takes
outcome     a command carried out: its result or failure in words, and the exit code
app         the way in, and all that a command file needs
pages       what all commands say of themselves: an index, a reference, pages for man
completion  what may stand next on a command line, for shells
"""
