// A page in Chromium, of another origin than the gateway: EventSource, fetch streams and WebSocket. Any error in the
// page's console is a failure.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { test } from "node:test";
import { chromium } from "playwright-core";
import WebSocket from "ws";
import { book, pagePort, screenshot, web } from "./settings.mjs";

const patience = { timeout: 60_000 };
const json = { "Content-Type": "application/json" };

// Serves live.html, and nothing else.
function servePage() {
  const html = readFileSync(new URL("live.html", import.meta.url));
  const server = createServer((request, response) => {
    const found = request.url.split("?")[0] === "/live.html";
    response.writeHead(found ? 200 : 404, { "Content-Type": "text/html" });
    response.end(found ? html : "");
  });
  return new Promise((resolve) => server.listen(pagePort, "127.0.0.1", () => resolve(server)));
}

async function put(path, body) {
  const response = await fetch(`${web}/v1/products/${book}/${path}`, {
    method: "PUT",
    headers: json,
    body: JSON.stringify(body),
  });
  assert.equal(response.status, 200, await response.text());
}

// Waits until an element of the page shows the text.
const shows = (page, selector, text) => page.locator(selector, { hasText: text }).first().waitFor(patience);

test("a page of another origin is live", async (t) => {
  const server = await servePage();
  t.after(() => server.close());
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    headless: true,
    args: ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
    ...patience,
  });
  t.after(() => browser.close());

  const page = await browser.newPage();
  const errors = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("requestfailed", (request) => errors.push(`${request.url()}: ${request.failure().errorText}`));
  await page.goto(`http://127.0.0.1:${pagePort}/live.html?gateway=${encodeURIComponent(web)}&product=${book}`, patience);

  await t.test("what is now", async () => {
    await shows(page, "#price", /^\d+\.\d\d USD$/);
    await shows(page, "#stock", /^\d+$/);
    await shows(page, "#lines", /^\d+$/);
  });

  await t.test("every change of stock, as events and as lines", async () => {
    for (const available of [31, 4, 977]) {
      await put("stock", { available });
      await shows(page, "#stock", new RegExp(`^${available}$`));
      await shows(page, "#lines", new RegExp(`^${available}$`));
    }
  });

  await t.test("every change of price", async () => {
    for (const [units, nanos] of [["17", 250_000_000], ["21", 90_000_000]]) {
      await put("price", { price: { currencyCode: "USD", units, nanos } });
      await shows(page, "#price", `${units}.${String(nanos / 1e7).padStart(2, "0")} USD`);
    }
  });

  await t.test("reviews, both ways", async () => {
    const other = new WebSocket(`${web.replace("http", "ws")}/v1/reviews:feed`);
    t.after(() => other.terminate());
    const heard = [];
    let wake = () => {};
    other.on("message", (data) => {
      heard.push(JSON.parse(data));
      wake();
    });
    const hears = async (wanted) => {
      while (!heard.some(wanted)) await new Promise((resolve) => (wake = resolve));
    };
    await new Promise((resolve, reject) => other.on("open", resolve).on("error", reject));
    other.send(JSON.stringify({ subscribe: book }));
    await hears((event) => event.subscribed === book);

    // The page writes, everybody hears.
    await page.fill("#title", "Written in a browser");
    await page.click("button", patience);
    await hears((event) => event.review?.title === "Written in a browser");
    await shows(page, "#stored", /^rev-/);
    await shows(page, "#reviews li", "Written in a browser");
    // Another writes, the page hears.
    other.send(JSON.stringify({ create: { productId: book, rating: 4, title: "Written elsewhere" } }));
    await shows(page, "#reviews li", "Written elsewhere");
  });

  await page.screenshot({ path: screenshot });
  assert.deepEqual(errors, []);

  // That a fault would have been seen.
  await t.test("a page that may not call is told so in its console", async () => {
    const stranger = await browser.newPage();
    const complaint = stranger.waitForEvent("console", {
      predicate: (message) => message.type() === "error" && /CORS/.test(message.text()),
      ...patience,
    });
    await stranger.goto(`http://localhost:${pagePort}/live.html?gateway=${encodeURIComponent(web)}&product=${book}`, patience);
    await complaint;
  });
});
