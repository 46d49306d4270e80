"""What all commands say of themselves: an index, a reference, pages for man.

entries    the index of all commands, read without importing them
reference  the reference of all commands, read from the commands
manual     the same as pages for man
"""
