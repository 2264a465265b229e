// What a browser asks before a page of another origin may call, and what it lets the page read.
import assert from "node:assert/strict";
import { test } from "node:test";
import { origin, web } from "./settings.mjs";

const method = `${web}/shop.pricing.v1.PricingService/GetPrice`;

function preflight(verb, headers) {
  return fetch(method, {
    method: "OPTIONS",
    headers: { Origin: origin, "Access-Control-Request-Method": verb, "Access-Control-Request-Headers": headers },
  });
}

const list = (response, name) => (response.headers.get(name) ?? "").toLowerCase().split(/, */);

for (const [client, verb, headers] of [
  ["grpc-web", "POST", ["content-type", "grpc-timeout", "x-grpc-web", "x-user-agent", "x-gift-from"]],
  ["connect-web", "POST", ["connect-protocol-version", "connect-timeout-ms", "content-type", "authorization"]],
  ["connect-web by GET", "GET", ["connect-timeout-ms"]],
]) {
  test(`the preflight of ${client}`, async () => {
    const response = await preflight(verb, headers.join(","));
    assert.equal(response.status, 204);
    assert.equal(response.headers.get("Access-Control-Allow-Origin"), origin);
    assert.ok(list(response, "Access-Control-Allow-Methods").includes(verb.toLowerCase()));
    for (const header of headers) assert.ok(list(response, "Access-Control-Allow-Headers").includes(header), header);
  });
}

test("errors of gRPC-Web may be read", async () => {
  const response = await fetch(method, {
    method: "POST",
    headers: { Origin: origin, "Content-Type": "application/grpc-web+proto" },
    body: new Uint8Array(5),
  });
  assert.equal(response.headers.get("Access-Control-Allow-Origin"), origin);
  assert.notEqual(response.headers.get("grpc-status"), null);
  const exposed = list(response, "Access-Control-Expose-Headers");
  for (const header of ["grpc-status", "grpc-message", "grpc-status-details-bin"]) assert.ok(exposed.includes(header));
});
