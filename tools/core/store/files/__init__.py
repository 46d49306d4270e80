"""The bus as files: append, commit, and an index that is derived.

small         small files in few calls, for what runs at every step of an agent
live_claims   the live claims, without opening the finished ones
seen          when an agent's own program was last seen on this machine
append        the end of a log, mended and appended to
transaction   one commit, laid out so that another process can finish it
index_schema  the tables of the derived index
index_rows    one record of a log as a row of the index
index_settle  what follows from records that came or are gone
index_owner   whose index it is
index_build   how the index catches up with the logs
marks         how far the index has read, without SQLite
index         opening the index, whatever has become of its file
selection     the entries of a query
figures       how much there is
search        full-text search
history       every question about events and messages
store         the verbs over files; the protocol of a commit
repair        what a damaged bus needs, and doing it
"""
