"""The files of the pages."""

import re
from typing import Any


async def test_an_address_that_names_the_content_may_be_kept(house: Any) -> None:
    async with house.client() as client:
        address = re.search(r'href="(/dashboard/static/build/desk\.css\?v=\w+)"', (await client.get("/login")).text)
        assert address is not None
        answer = await client.get(address[1])
        assert answer.status_code == 200
        assert answer.text == "body { margin: 0 }"
        assert "immutable" in answer.headers["cache-control"]


async def test_other_addresses_are_asked_again_and_cost_nothing_when_unchanged(house: Any) -> None:
    async with house.client() as client:
        for path in ("/build/desk.js", "/build/desk.js?v=older", "/favicon.svg?v=x"):
            answer = await client.get(f"/dashboard/static{path}")
            assert answer.headers["cache-control"] == "no-cache"
            again = await client.get(f"/dashboard/static{path}", headers={"If-None-Match": answer.headers["etag"]})
            assert again.status_code == 304


async def test_nothing_but_the_folder_is_served(house: Any) -> None:
    async with house.client() as client:
        for path in ("/..%2f..%2fetc/passwd", "/%2e%2e/secret", "/build/", "/nothing.js", "/build/desk.js%00"):
            assert (await client.get(f"/dashboard/static{path}")).status_code == 404


async def test_what_may_be_kept_is_sent_compressed_to_who_takes_it(house: Any) -> None:
    async with house.client() as client:
        address = re.search(r'href="(/dashboard/static/build/desk\.css\?v=\w+)"', (await client.get("/login")).text)
        assert address is not None
        for encoding, expected in (("gzip, br", "gzip"), ("identity", None)):
            answer = await client.get(address[1], headers={"accept-encoding": encoding})
            assert answer.headers.get("content-encoding") == expected
            assert answer.headers["vary"] == "accept-encoding"
            assert answer.headers["content-type"].startswith("text/css")
            assert answer.text == "body { margin: 0 }"
