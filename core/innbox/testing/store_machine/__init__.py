"""A store driven at random, and compared with a small model of it after every step.

The contract tests tell one story each; here thousands of steps in any order look for the stories that nobody thought
of. `walk` runs a seeded sequence against one store; the same seed gives the same steps on any store, so two stores that
both pass agree with each other. There is no clock to turn: waits are either none or hours, and workers fall silent by
`set_seen`, which the test of a store brings.

It is a walker of its own and not Hypothesis' state machine: that one calls synchronous rules, cannot keep 10,000 steps
of one run together, and shrinks by running whole sequences hundreds of times. `walk` shrinks too, by leaving steps out:
each step draws from its own seed, so the others stay what they were.
"""

from innbox.testing.store_machine.model import House
from innbox.testing.store_machine.walk import Disagreement, NewStore, StoreAtHand, shrink, walk

__all__ = ["Disagreement", "House", "NewStore", "StoreAtHand", "shrink", "walk"]
