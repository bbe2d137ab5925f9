import time

from innbox import Attachment, Author, AuthorKind, Direction, Hotel, Message, now
from innbox.pipeline.thinking import chat_message, without_foreign_links

HOTEL = Hotel(
    slug="miramar",
    name="Hotel Miramar",
    timezone="Europe/Lisbon",
    languages=("pt",),
    facts="Trains: https://trains.example/lisbon",
    domains=("miramar.example",),
)


def test_links_of_the_hotel_and_of_its_facts_stay() -> None:
    text = "See https://miramar.example/spa, https://book.miramar.example and https://trains.example/lisbon."

    assert without_foreign_links(text, HOTEL) == text


def test_other_links_go_however_they_are_dressed_up() -> None:
    for link in (
        "https://evil.example",
        "http://miramar.example.evil.example/x",
        "https://miramar.example@evil.example/",
        "HTTPS://EVIL.EXAMPLE/a?b=c#d",
        "https://evil.example\\.miramar.example/",
        "https://trains.example",
        "www.evil.example",
        "evil.example/pay",
        "ftp://miramar.example/",
        "http://[",
    ):
        assert without_foreign_links(f"Pay at {link}.", HOTEL) == "Pay at [link removed]."


def test_what_is_no_link_stays() -> None:
    text = (
        "From 10.30/11.00 p.m./a.m., and/or write to ana@miramar.example. "
        "See www.miramar.example or miramar.example/spa."
    )

    assert without_foreign_links(text, HOTEL) == text


def test_long_texts_without_links_are_looked_through_at_once() -> None:
    for text in ("a-" * 50_000, "a." * 50_000, "a+" * 50_000, "www." * 25_000):
        started = time.perf_counter()
        without_foreign_links(text, HOTEL)
        assert time.perf_counter() - started < 2


def test_attachments_are_told_in_words() -> None:
    place = Attachment("location", latitude=38.7, longitude=-9.4, label="Boca do Inferno")
    message = Message(
        "m",
        "c",
        1,
        Direction.IN,
        Author(AuthorKind.GUEST),
        "We are here",
        now(),
        attachments=(place, Attachment("image")),
    )

    assert chat_message(message).content == "We are here\n[location: Boca do Inferno]\n[image]"
    assert chat_message(message).role == "user"
