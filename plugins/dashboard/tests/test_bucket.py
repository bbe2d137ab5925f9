"""A limit on how fast one socket may speak."""

from innbox_dashboard.bucket import Bucket


def test_a_burst_is_fine_and_what_follows_waits() -> None:
    time = [0.0]
    bucket = Bucket(rate=10, burst=3, clock=lambda: time[0])
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    time[0] += 0.1
    assert [bucket.take() for _ in range(2)] == [True, False]


def test_a_long_silence_saves_no_more_than_a_burst() -> None:
    time = [0.0]
    bucket = Bucket(rate=10, burst=3, clock=lambda: time[0])
    time[0] += 1000
    assert sum(bucket.take() for _ in range(10)) == 3
