"""The one definition of each record, and its validation.

record         what a record is made of: a frozen base, the rules of its fields, its form in a file
claim_state    the words of a claim's status, today's and old ones
bus            events, messages, claims, assignments; the names of streams and documents
manifest       a seat's manifest
evidence       what stands below _report/ and in memory/
lenient        old and foreign records, read into today's
entry          an event or a message as readers see it, and what a query asks for
plan           a plan, and its words of status
validate_fast  whether a document is a record, cheaply and without saying why not
validate       strict validation of every format, with reasons
schema         named tuples as JSON, and the schema they keep
"""
