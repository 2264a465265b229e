"""What is asked. Each scenario is an HTTP request and the gRPC call it stands for, for what speaks no JSON."""

import json
from dataclasses import dataclass

from gateways import grpc_request


@dataclass
class Scenario:
    name: str
    title: str
    path: str
    service: str = ""      # whose port the call goes to; empty: a page, which is no call
    rpc: str = ""
    request: bytes = b""
    body: str = ""         # JSON; empty: GET


REVIEW = {"customerId": "17", "authorName": "Ada", "rating": 4, "title": "Clear, and to the point",
          "body": "Explains the trade-offs instead of the fashion. The chapter on locking alone is worth it."}


def field(number, value):
    """A text or a message of fewer than 128 bytes on the wire."""
    return bytes([number << 3 | 2, len(value)]) + value


def review_on_the_wire():
    inner = (field(3, b"17") + field(4, b"Ada") + bytes([5 << 3, 4]) + field(6, REVIEW["title"].encode()) +
             field(7, REVIEW["body"].encode()))
    return bytes([2 << 3 | 2, len(inner) & 127 | 128, len(inner) >> 7]) + inner


CATALOG = "/shop.catalog.v1.CatalogService/"
REVIEWS = "/shop.reviews.v1.ReviewService/"
BOOK = "pojos-in-action"

SCENARIOS = (
    Scenario("get", "unary GET, 0.8 kB", f"/v1/products/{BOOK}", "catalog", CATALOG + "GetProduct", grpc_request(BOOK)),
    Scenario("post", "unary POST", f"/v1/products/{BOOK}/reviews", "reviews", REVIEWS + "CreateReview",
             grpc_request(BOOK, review_on_the_wire()), json.dumps(REVIEW)),
    Scenario("list", "list of 10 reviews", f"/v1/products/{BOOK}/reviews?page_size=10", "reviews",
             REVIEWS + "ListReviews", grpc_request(BOOK, b"\x10\x0a")),
    Scenario("page", "page of 5 calls", f"/bench/pages/{BOOK}"),
    Scenario("body-1k", "body of 1 kB", "/v1/products/text-1k", "catalog", CATALOG + "GetProduct",
             grpc_request("text-1k")),
    Scenario("body-100k", "body of 100 kB", "/v1/products/list-100k/reviews?page_size=100", "reviews",
             REVIEWS + "ListReviews", grpc_request("list-100k", b"\x10\x64")),
)
GET = SCENARIOS[0]
PAGE = SCENARIOS[3]
CHAIN = Scenario("chain", "page of 2 calls, one after the other", f"/bench/chains/{BOOK}")
SHELF = Scenario("shelf", "list of 20, then 3 batched calls for all of it", f"/bench/shelves/{BOOK}")
