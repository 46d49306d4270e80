"""The bus in PostgreSQL: the same two protocols, with a row's lock as arbiter.

driver     the only module that knows the driver: one connection, questions, refusals
seen       how far this clone has seen a bus
opening    the first question of a process
lines      the lines of a stream, in batches
selection  the entries of a query, in one question
documents  claims and assignments, and which of them are live
figures    how much there is
presence   who was here
requests   open requests
following  what a query matches from now on
history    every question about events and messages, each in one statement
commit     what a commit sends, and what became of one whose answer was lost
store      the verbs over a server
schema     the numbered files of SQL, and the roles
filling     a bus from files into a server, and byte for byte back
inspection  what a server is like
"""
