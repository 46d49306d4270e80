"""A bus that changes its place, and its copy in files that stays behind for git.

folder      the bytes of a bus in files
export      the files brought to what the server has
export_age  how old that copy is
survey      what a move would do, and who may
to_server   from files to a server
to_files    from a server back to files
"""
