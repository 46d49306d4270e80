"""The bus as files: append, commit, and an index that is derived.

small         small files in few calls, for what runs at every step of an agent
documents     claims and assignments, without opening the finished ones
seen          when an agent's own program was last seen on this machine
transaction   one commit, laid out so that another process can finish it
journal       a commit that can be finished later, with its version and a checksum
writing       a commit, under the lock
index         the derived index of the logs
selection     the entries of a query
following     a query, followed in the logs
deliveries    which events the last exchanges brought, and when
presence      when agents were last there
figures       how much there is
search        full-text search
history       every question about events and messages
store         the verbs over files; the protocol of a commit
repair        what a damaged bus needs, and doing it
"""
