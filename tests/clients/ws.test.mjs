// The WebSocket client of Node programs, against every kind of streaming method.
import assert from "node:assert/strict";
import { test } from "node:test";
import WebSocket from "ws";
import { book, origin, web } from "./settings.mjs";

const address = web.replace("http", "ws");

// A socket whose messages can be waited for, in their order. `next()` is the next as JSON, `closed` how it ended.
async function open(path, options = {}) {
  const socket = new WebSocket(`${address}${path}`, options);
  const messages = [];
  const waiting = [];
  socket.on("message", (data, binary) => {
    assert.equal(binary, false);
    const message = JSON.parse(data);
    waiting.length > 0 ? waiting.shift()(message) : messages.push(message);
  });
  const closed = new Promise((resolve) =>
    socket.on("close", (code, reason) => resolve({ code, reason: reason.toString() })),
  );
  await new Promise((resolve, reject) => socket.on("open", resolve).on("error", reject));
  return {
    socket,
    closed,
    next: () => (messages.length > 0 ? messages.shift() : new Promise((resolve) => waiting.push(resolve))),
    send: (message) => socket.send(JSON.stringify(message)),
    // The last message was sent.
    finish: () => socket.send(""),
  };
}

// The status a socket is refused with, and the body.
function refused(path, options = {}) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${address}${path}`, options);
    socket.on("unexpected-response", async (_, response) => {
      const connection = response.socket;
      let body = "";
      for await (const piece of response) body += piece;
      connection.destroy();  // it could be used again, which nobody wants
      resolve({ status: response.statusCode, body: JSON.parse(body) });
    });
    socket.on("open", () => reject(new Error("it was opened")));
    socket.on("error", reject);
  });
}

const setPrice = (units) =>
  fetch(`${web}/v1/products/${book}/price`, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ price: { currencyCode: "USD", units } }),
  });

test("a conversation", async () => {
  const feed = await open("/v1/reviews:feed");
  feed.send({ subscribe: book });
  assert.deepEqual(await feed.next(), { subscribed: book });
  // Long enough for permessage-deflate, and no ASCII.
  const body = "déjà lu · ".repeat(200);
  feed.send({ create: { productId: book, rating: 5, title: "By ws", body } });
  const both = [await feed.next(), await feed.next()];
  assert.equal(both.find((event) => event.created).created.title, "By ws");
  assert.equal(both.find((event) => event.review).review.body, body);
  // A message that cannot be done is answered, and ends nothing.
  feed.send({ create: { productId: book, rating: 6, title: "Too good" } });
  assert.equal((await feed.next()).error.code, 3);
  feed.send({ unsubscribe: book });
  assert.deepEqual(await feed.next(), { unsubscribed: book });
  feed.finish();
  assert.deepEqual(await feed.closed, { code: 1000, reason: "" });
});

test("permessage-deflate is agreed on, and can be done without", async () => {
  const packed = await open("/v1/reviews:feed");
  assert.match(packed.socket.extensions, /permessage-deflate/);
  packed.socket.close();
  const plain = await open("/v1/reviews:feed", { perMessageDeflate: false });
  assert.equal(plain.socket.extensions, "");
  plain.send({ subscribe: book });
  assert.deepEqual(await plain.next(), { subscribed: book });
  plain.socket.close();
  await Promise.all([packed.closed, plain.closed]);
});

test("a server stream", async () => {
  const prices = await open(`/v1/products/${book}/price:watch?fields=price.units`);
  assert.deepEqual(Object.keys(await prices.next()), ["price"]);
  for (const units of ["19", "23"]) {
    assert.equal((await setPrice(units)).status, 200);
    assert.deepEqual(await prices.next(), { price: { units } });
  }
  prices.socket.close(1000);
  assert.equal((await prices.closed).code, 1000);
});

test("a client stream", async () => {
  const products = await open("/v1/products:import");
  for (const n of [1, 2, 3]) products.send({ productId: `by-ws-${n}`, title: `By ws, part ${n}` });
  products.finish();
  const reply = await products.next();
  assert.deepEqual(reply, { created: "3" });
  assert.equal((await products.closed).code, 1000);
});

for (const [what, send, code, status] of [
  ["no JSON", (feed) => feed.socket.send("{"), 1007, 3],
  ["an unknown field", (feed) => feed.send({ nothing: 1 }), 1007, 3],
  ["a binary message", (feed) => feed.socket.send(new Uint8Array([10, 1, 120])), 1003, 3],
]) {
  test(`${what} ends with ${code}`, async () => {
    const feed = await open("/v1/reviews:feed");
    send(feed);
    assert.equal((await feed.next()).error.code, status);
    assert.equal((await feed.closed).code, code);
  });
}

test("pings are answered", async () => {
  const feed = await open("/v1/reviews:feed");
  const pong = new Promise((resolve) => feed.socket.on("pong", resolve));
  feed.socket.ping("are you there?");
  assert.equal((await pong).toString(), "are you there?");
  feed.socket.close();
  await feed.closed;
});

test("a page of a listed origin may, of another may not", async () => {
  const allowed = await open("/v1/reviews:feed", { origin });
  allowed.socket.close();
  await allowed.closed;
  const { status, body } = await refused("/v1/reviews:feed", { origin: "http://evil.example" });
  assert.equal(status, 403);
  assert.equal(body.code, 7);
});

test("what fails before the switch is an ordinary answer", async () => {
  assert.equal((await refused("/v1/products/no-such/price:watch")).status, 404);
  assert.equal((await refused("/v1/nothing")).status, 404);
});
