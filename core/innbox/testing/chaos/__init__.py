"""The proofs of what Innbox promises when things break: real processes and servers, killed, frozen and counted.

    python -m innbox.testing.chaos --seed 7 --messages 400 --kills 100

Each promise has a house of its own (`house`): `innbox serve` and `innbox worker` as processes, a PostgreSQL and a Redis
that may be killed (`servers`), stand-ins for Twilio and OpenAI that misbehave and remember (`wires`), and guests who
write (`guests`). What came of it is counted from what the stand-in for Twilio took, never from what Innbox believes
(`counting`). The promises are in `promises_*`; `__main__` runs them and prints the table.
"""
