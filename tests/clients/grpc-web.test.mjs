// The grpc-web library, with an XMLHttpRequest for Node, in both of its formats.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import assert from "node:assert/strict";
import { test } from "node:test";
import grpcWeb from "grpc-web";
import XMLHttpRequest from "xhr2";
import { contracts } from "./contracts.mjs";
import { book, giftContracts, shopContracts, small, web } from "./settings.mjs";

globalThis.XMLHttpRequest = XMLHttpRequest;

const shop = contracts(shopContracts);
const gifts = contracts(giftContracts);

function describe(service, name) {
  const method = service.methods.find((candidate) => candidate.name === name);
  const type = method.methodKind === "unary" ? grpcWeb.MethodType.UNARY : grpcWeb.MethodType.SERVER_STREAMING;
  return new grpcWeb.MethodDescriptor(
    `/${service.typeName}/${name}`,
    type,
    Object,
    Object,
    (request) => toBinary(method.input, create(method.input, request)),
    (bytes) => fromBinary(method.output, bytes),
  );
}

const pricing = shop.service("shop.pricing.v1.PricingService");
const getPrice = describe(pricing, "GetPrice");
const watchPrice = describe(pricing, "WatchPrice");
const getProductPage = describe(shop.service("shop.web.v1.WebStore"), "GetProductPage");
const getWrapping = describe(gifts.service("shop.gifts.v1.GiftService"), "GetWrapping");
const rpcStatus = shop.message("google.rpc.Status");

for (const format of ["text", "binary"]) {
  const client = new grpcWeb.GrpcWebClientBase({ format });

  // { message, error, head, status } of a unary call.
  const call = (method, request, metadata = {}, host = web) =>
    new Promise((resolve) => {
      const result = {};
      const stream = client.rpcCall(host + method.getName(), request, metadata, method, (error, message) => {
        Object.assign(result, { error, message });
        // The status may come behind the message.
        setTimeout(() => resolve(result), 0);
      });
      stream.on("metadata", (head) => (result.head = head));
      stream.on("status", (status) => (result.status = status));
    });

  test(`grpc-web, ${format}: unary`, async () => {
    const { message, error } = await call(getPrice, { productId: book });
    assert.equal(error, null);
    assert.equal(message.price.units, 35n);
  });

  test(`grpc-web, ${format}: an error with details`, async () => {
    const { error } = await call(getPrice, { productId: "none-such" });
    assert.equal(error.code, grpcWeb.StatusCode.NOT_FOUND);
    assert.equal(error.message, 'Price "none-such" does not exist');
    const details = Buffer.from(error.metadata["grpc-status-details-bin"], "base64");
    assert.equal(fromBinary(rpcStatus, details).details.length, 2);
  });

  test(`grpc-web, ${format}: metadata both ways`, async () => {
    const { head, status } = await call(getWrapping, { productId: book }, { "x-gift-from": "somebody" });
    assert.equal(head["x-gift-from"], "somebody");
    assert.equal(status.metadata["after-x-gift-from"], "somebody");
  });

  test(`grpc-web, ${format}: a composed page`, async () => {
    const { message } = await call(getProductPage, { productId: book });
    assert.equal(message.product.title, "POJOs in Action");
  });

  test(`grpc-web, ${format}: what is not exposed is unimplemented`, async () => {
    const { error } = await call(getPrice, { productId: book }, {}, small);
    assert.equal(error.code, grpcWeb.StatusCode.UNIMPLEMENTED);
  });

  // The library reads streams as text only.
  if (format !== "text") continue;

  const watch = (productId, metadata) =>
    new Promise((resolve) => {
      const messages = [];
      const stream = client.serverStreaming(web + watchPrice.getName(), { productId }, metadata, watchPrice);
      stream.on("data", (message) => messages.push(message));
      stream.on("error", (error) => resolve({ messages, error }));
      stream.on("end", () => resolve({ messages }));
    });

  test("grpc-web: a server's stream until its deadline", async () => {
    const { messages, error } = await watch(book, { deadline: String(Date.now() + 500) });
    assert.equal(error.code, grpcWeb.StatusCode.DEADLINE_EXCEEDED);
    // The polyfill shows what has come when all has come, or nothing when the library's own clock was faster.
    for (const message of messages) assert.equal(message.productId, book);
  });

  test("grpc-web: a stream that fails says how", async () => {
    const { messages, error } = await watch("none-such", {});
    assert.equal(messages.length, 0);
    assert.equal(error.code, grpcWeb.StatusCode.NOT_FOUND);
  });
}
