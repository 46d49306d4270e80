"""Who held what from when to when, one lane a seat.

timeline   intervals in which a seat held a task
activity   records a seat in cells of time
questions  the questions of lanes to the history
lane       the lane of a seat
"""
