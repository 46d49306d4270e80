"""The one definition of each record, and its validation.

records        the one definition of each record of the bus
lenient        old and foreign records, read into today's
plan           the one definition of a plan, and its words of status
validate_fast  whether a document is a record, cheaply and without saying why not
validate       strict validation of every format, with reasons
schema         named tuples as JSON, and the schema they keep
"""
