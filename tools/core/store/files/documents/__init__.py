"""The claims and assignments of a bus in files, without opening the finished ones.

catalogue    what is known of all of them: what is live, by one line of a derived file
listing      the files of a folder, and where two listings differ
finished     the claims that are over, in the order in which they ended
whole        the catalogue with its listings and finished claims
claim_file   one claim in few calls
named        which tasks the event log names behind a position
bringing_up  the catalogue after a change
current      the catalogue as the folders are now
live_claims  the live claims, for programs that run at every step of an agent
live         the live documents: few are read, of many the catalogue is asked
"""
