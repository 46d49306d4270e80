"""The claims and assignments of a bus in files, without opening the finished ones.

listing      the files of a folder, and where two listings differ
finished     the claims that are over, in the order in which they ended
claim_file   one claim in few calls
named        which tasks the event log names behind a position
catalogue    what is known of all of them, in one derived file
current      the catalogue as the folders are now
live_claims  the live claims, for programs that run at every step of an agent
live         the live documents: few are read, of many the catalogue is asked
"""
