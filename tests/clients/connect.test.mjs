// @connectrpc/connect over each of its transports: one suite for all of them.
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import * as node from "@connectrpc/connect-node";
import * as browser from "@connectrpc/connect-web";
import assert from "node:assert/strict";
import { test } from "node:test";
import { contracts } from "./contracts.mjs";
import { book, giftContracts, shopContracts, small, web } from "./settings.mjs";

const shop = contracts(shopContracts);
const pricing = shop.service("shop.pricing.v1.PricingService");
const store = shop.service("shop.web.v1.WebStore");
const catalog = shop.service("shop.catalog.v1.CatalogService");
const reviews = shop.service("shop.reviews.v1.ReviewService");
const errorInfo = shop.message("google.rpc.ErrorInfo");
const gifts = contracts(giftContracts).service("shop.gifts.v1.GiftService");

const http1 = { httpVersion: "1.1" };
// What JSON needs to read google.protobuf.Any.
const jsonOptions = { registry: shop.registry };
const transports = {
  "connect-node, Connect, binary": (baseUrl) => node.createConnectTransport({ ...http1, baseUrl, useBinaryFormat: true }),
  "connect-node, Connect, JSON": (baseUrl) => node.createConnectTransport({ ...http1, baseUrl, jsonOptions, useBinaryFormat: false }),
  "connect-node, Connect, GET": (baseUrl) => node.createConnectTransport({ ...http1, baseUrl, useHttpGet: true }),
  "connect-node, Connect, compressed": (baseUrl) =>
    node.createConnectTransport({
      ...http1,
      baseUrl,
      sendCompression: node.compressionGzip,
      compressMinBytes: 0,
    }),
  "connect-node, gRPC-Web": (baseUrl) => node.createGrpcWebTransport({ ...http1, baseUrl }),
  "connect-node, gRPC-Web, JSON": (baseUrl) =>
    node.createGrpcWebTransport({ ...http1, baseUrl, jsonOptions, useBinaryFormat: false }),
  "connect-node, gRPC-Web, compressed": (baseUrl) =>
    node.createGrpcWebTransport({
      ...http1,
      baseUrl,
      sendCompression: node.compressionGzip,
      compressMinBytes: 0,
    }),
  "connect-web, Connect": (baseUrl) => browser.createConnectTransport({ baseUrl, jsonOptions }),
  "connect-web, Connect, GET": (baseUrl) => browser.createConnectTransport({ baseUrl, jsonOptions, useHttpGet: true }),
  "connect-web, gRPC-Web": (baseUrl) => browser.createGrpcWebTransport({ baseUrl }),
};

async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof ConnectError, `not a ConnectError: ${error?.stack}`);
    return error;
  }
  assert.fail("the call succeeded");
}

for (const [name, create] of Object.entries(transports)) {
  const transport = create(web);
  const client = (service) => createClient(service, transport);

  test(`${name}: unary`, async () => {
    const price = await client(pricing).getPrice({ productId: book });
    assert.equal(price.productId, book);
    assert.equal(price.price.units, 35n);
    assert.equal(price.price.nanos, 960000000);
  });

  test(`${name}: an error with details`, async () => {
    const error = await failure(client(pricing).getPrice({ productId: "none-such" }));
    assert.equal(error.code, Code.NotFound);
    assert.match(error.rawMessage, /"none-such" does not exist/);
    const [info] = error.findDetails(errorInfo);
    assert.equal(info.reason, "RESOURCE_NOT_FOUND");
  });

  test(`${name}: metadata both ways`, async () => {
    const headers = new Headers();
    headers.set("x-gift-from", "somebody");
    headers.set("x-gift-bin", Buffer.from([0, 1, 255]).toString("base64").replace(/=+$/, ""));
    let head, tail;
    await client(gifts).getWrapping(
      { productId: book },
      { headers, onHeader: (h) => (head = h), onTrailer: (t) => (tail = t) },
    );
    for (const [where, prefix] of [[head, ""], [tail, "after-"]]) {
      assert.equal(where.get(`${prefix}x-gift-from`), "somebody");
      assert.equal(Buffer.from(where.get(`${prefix}x-gift-bin`), "base64").toString("hex"), "0001ff");
    }
  });

  test(`${name}: a composed page`, async () => {
    const page = await client(store).getProductPage({ productId: book });
    assert.equal(page.product.title, "POJOs in Action");
    assert.ok(page.reviews.length > 0);
    assert.equal(page.price.price.units, 35n);
    const error = await failure(client(store).getProductPage({ productId: "none-such" }));
    assert.equal(error.code, Code.NotFound);
  });

  test(`${name}: a server's stream, live`, async () => {
    const seen = [];
    const abort = new AbortController();
    const watching = client(pricing).watchPrice({ productId: book }, { signal: abort.signal });
    await failure(
      (async () => {
        for await (const price of watching) {
          seen.push(price.productId);
          // The same price once more is a change as well.
          if (seen.length === 1) await client(pricing).setPrice({ productId: book, price });
          if (seen.length === 2) abort.abort();
        }
      })(),
    ).then((error) => assert.equal(error.code, Code.Canceled));
    assert.deepEqual(seen, [book, book]);
  });

  test(`${name}: a stream that fails says how`, async () => {
    const error = await failure(
      (async () => {
        for await (const price of client(pricing).watchPrice({ productId: "none-such" })) assert.fail(price.productId);
      })(),
    );
    assert.equal(error.code, Code.NotFound);
    assert.equal(error.findDetails(errorInfo).length, 1);
  });

  test(`${name}: a deadline`, async () => {
    const seen = [];
    const error = await failure(
      (async () => {
        for await (const price of client(pricing).watchPrice({ productId: book }, { timeoutMs: 400 })) seen.push(price);
      })(),
    );
    assert.equal(error.code, Code.DeadlineExceeded);
    assert.ok(seen.length >= 1);
  });

  test(`${name}: what is not exposed is unimplemented`, async () => {
    const outside = create(small);
    const error = await failure(createClient(pricing, outside).getPrice({ productId: book }));
    assert.equal(error.code, Code.Unimplemented);
    const summary = await createClient(reviews, outside).getReviewSummary({ productId: book });
    assert.ok(summary.reviewCount > 0);
  });

  // A page's fetch cannot stream a request, and connect-web does not offer it.
  if (!name.startsWith("connect-node")) continue;

  test(`${name}: a client's stream`, async () => {
    async function* products() {
      for (let i = 0; i < 20; ++i) yield { product: { title: `Imported by ${name} ${i}`, pageCount: 10 + i } };
    }
    const imported = await client(catalog).importProducts(products());
    assert.equal(imported.created + imported.updated + imported.refused, 20n);
  });

  test(`${name}: both streams`, async () => {
    // Over HTTP/1.1 these clients send all they have before they read.
    async function* requests() {
      yield { action: { case: "subscribe", value: book } };
      yield { action: { case: "create", value: { productId: "", rating: 5, title: "no product" } } };
      yield { action: { case: "unsubscribe", value: book } };
    }
    const events = [];
    for await (const answer of client(reviews).reviewFeed(requests())) events.push(answer.event.case);
    assert.deepEqual(events, ["subscribed", "error", "unsubscribed"]);
  });
}
