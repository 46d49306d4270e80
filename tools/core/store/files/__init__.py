"""The bus as files: append, commit, and an index that is derived.

append       the end of a log, mended and appended to
transaction  one commit, laid out so that another process can finish it
store        the verbs over files; the protocol of a commit
index_rows   one record of a log as a row of the index
index_build  how the derived index catches up with the logs
index        the derived index, so that no question reads all of history
search       full-text search
repair       what a damaged bus needs, and doing it
"""
