// The shop's site in Chromium: the desktop page, which the site renders through the web frontend and the browser keeps
// live across origins, and the phone's, which the browser fills from the mobile frontend. Any error in a console is a
// failure. Pictures are kept for whoever wants to see.
import assert from "node:assert/strict";
import { test } from "node:test";
import { chromium } from "playwright-core";
import { book, mobile, pictures, site, trouble, web } from "./settings.mjs";

const patience = { timeout: 60_000 };
const desktop = { width: 1280, height: 900 };
const phone = { width: 390, height: 844 };

let browser;

// A page that collects what its console complains of; `close` asserts that this is nothing. A document or an answer
// that is not found is a complaint of Chromium's own, expected where `lost` says so.
async function open(address, { viewport = desktop, colorScheme = "light", lost = false } = {}) {
  const context = await browser.newContext({ viewport, colorScheme, reducedMotion: "reduce" });
  const page = await context.newPage();
  const errors = [];
  const requests = [];
  page.on("console", (message) => {
    if (!["error", "warning"].includes(message.type())) return;
    if (lost && /status of 404/.test(message.text())) return;
    errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("requestfailed", (request) => {
    // A page that is left takes its streams with it.
    if (request.resourceType() === "eventsource" && request.failure().errorText === "net::ERR_ABORTED") return;
    errors.push(`${request.url()}: ${request.failure().errorText}`);
  });
  page.on("request", (request) => requests.push(request.url()));
  const response = await page.goto(address, { ...patience, waitUntil: "domcontentloaded" });
  return {
    page,
    requests,
    status: response.status(),
    shows: (selector, text) => page.locator(selector, { hasText: text }).first().waitFor(patience),
    async picture(name, fullPage = true) {
      // Pictures further down load when they are seen.
      await page.evaluate(() => {
        for (const image of document.images) image.loading = "eager";
        return Promise.all([...document.images].filter((image) => image.src).map((image) => image.decode()));
      });
      await page.screenshot({ path: `${pictures}/${name}.png`, fullPage });
    },
    async close() {
      assert.deepEqual(errors, []);
      await context.close();
    },
  };
}

async function put(path, body) {
  const response = await fetch(`${web}/v1/products/${book}/${path}`, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  assert.equal(response.status, 200, await response.text());
}

// What everybody needs who does not see the page, or has no mouse.
async function sensible(page) {
  const faults = await page.evaluate(() => {
    const found = [];
    if (!document.documentElement.lang) found.push("no language");
    if (document.querySelectorAll("main").length !== 1) found.push("not one main");
    if (document.querySelectorAll("h1").length !== 1) found.push("not one h1");
    const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
    if (new Set(ids).size !== ids.length) found.push("an id twice");
    for (const image of document.images) if (!image.hasAttribute("alt")) found.push(`no alt: ${image.src}`);
    for (const field of document.querySelectorAll("input, select, textarea"))
      if (field.type !== "hidden" && !field.labels.length) found.push(`no label: ${field.name}`);
    for (const control of document.querySelectorAll("a, button"))
      if (!control.textContent.trim() && !control.getAttribute("aria-label")) found.push(`no name: ${control.outerHTML}`);
    for (const labelled of document.querySelectorAll("[aria-labelledby]"))
      if (!document.getElementById(labelled.getAttribute("aria-labelledby"))) found.push("a label that is not there");
    if (document.documentElement.scrollWidth > innerWidth) found.push(`wider than the window: ${document.documentElement.scrollWidth}`);
    return found;
  });
  assert.deepEqual(faults, []);
}

test("the shop's site", async (t) => {
  browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    headless: true,
    args: ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
    ...patience,
  });
  t.after(() => browser.close());
  const bookPage = `${site}/books/${book}`;

  if (trouble === "reviews") {
    const down = await open(bookPage);
    assert.equal(down.status, 200);
    await down.shows("h1", "POJOs in Action");
    await down.shows(".missing", "The reviews are having a moment to themselves");
    await down.shows("#live", "live");
    assert.equal(await down.page.locator(".review, .rating").count(), 0);
    await sensible(down.page);
    await down.picture("reviews_down");
    await down.close();
    const small = await open(`${site}/m/books/${book}`, { viewport: phone });
    await small.shows("#missing", "The reviews are having a moment to themselves");
    await small.shows("#price", /^\$\d+\.\d\d$/);
    await small.picture("phone_reviews_down", false);
    await small.close();
    return;
  }

  if (trouble === "prices") {
    const slow = await open(bookPage);
    assert.equal(slow.status, 200);
    await slow.shows("#price", "The price is on its way");
    await slow.shows("#stock", "In stock");
    await slow.picture("prices_slow");
    // The price comes late, and is shown all the same.
    await slow.shows("#price", /^\$\d+\.\d\d$/);
    await slow.picture("prices_slow_then_there");
    await slow.close();
    return;
  }

  await t.test("the page is whole before any script runs", async () => {
    const html = await (await fetch(bookPage)).text();
    for (const text of ["POJOs in Action", "Chris Richardson", "$35.96", "In stock", "What readers say", "A classic",
      "Frequently bought together", "The Age of Lighthouses", "Dogear &amp; Sons"]) {
      assert.ok(html.includes(text), text);
    }
  });

  await t.test("by day and by night", async () => {
    for (const colorScheme of ["light", "dark"]) {
      const seen = await open(`${bookPage}?customer=1`, { colorScheme });
      await seen.shows("#live", "Price and stock are live");
      await seen.shows("#purchases", "10 August 2023");
      await sensible(seen.page);
      await seen.picture(`full_${colorScheme}`);
      await seen.close();
    }
  });

  await t.test("price and stock are live", async () => {
    const live = await open(bookPage);
    await live.shows("#live", "Price and stock are live");
    await put("stock", { available: 3 });
    await live.shows("#stock.low", "Only 3 left");
    await live.shows("#news", "Only 3 left");
    await put("price", { price: { currencyCode: "USD", units: "29", nanos: 500_000_000 } });
    await live.shows("#price", "$29.50");
    await live.shows("#own-price", "$29.50");
    await live.shows("#total", "$152.27");
    await live.shows("#discount", "%");
    await put("stock", { available: 0, restockDate: "2030-03-04" });
    await live.shows("#stock.out", "Sold out; more expected on 4 March 2030");
    await live.picture("sold_out");
    await put("stock", { available: 120 });
    await live.shows("#stock.in", "In stock");
    await put("price", { price: { currencyCode: "USD", units: "35", nanos: 960_000_000 } });
    await live.shows("#price", "$35.96");
    for (const request of live.requests) {
      assert.ok(request.startsWith(`${site}/`) || request.startsWith(`${web}/`), `nothing from elsewhere: ${request}`);
    }
    await live.close();
  });

  await t.test("buying, with the keyboard alone", async () => {
    const buyer = await open(`${bookPage}?customer=1`);
    await buyer.page.keyboard.press("Tab");
    assert.equal(await buyer.page.evaluate(() => document.activeElement.textContent), "Skip to the content");
    await buyer.page.focus("#quantity");
    await buyer.page.keyboard.press("2");
    await buyer.page.keyboard.press("Tab");
    await buyer.page.keyboard.press("Enter");
    await buyer.shows(".notice.good", /Your order ord-\d+ has been placed/);
    await buyer.shows("#purchases", "2 copies");
    await buyer.close();
  });

  await t.test("the shelves, and what is found on them", async () => {
    for (const colorScheme of ["light", "dark"]) {
      const shelves = await open(`${site}/`, { colorScheme });
      await shelves.shows(".card-price", "$");
      await sensible(shelves.page);
      await shelves.picture(`shelves_${colorScheme}`);
      await shelves.page.fill("#q", "lighthouses");
      await shelves.page.keyboard.press("Enter");
      await shelves.shows("h1", "Results for “lighthouses”");
      await shelves.page.click(".card a");
      await shelves.shows("h1", "Lighthouses");
      await shelves.close();
    }
  });

  await t.test("what customers write stays text", async () => {
    const hostile = `<img src=x onerror="document.title='hacked'"></p><script>document.title='hacked'</script>{{name}}`;
    const written = await fetch(`${web}/v1/products/fungi-explained/reviews`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ rating: 1, title: hostile, body: hostile, authorName: "\"><b>Mallory" }),
    });
    assert.equal(written.status, 200);
    const page = await open(`${site}/books/fungi-explained`);
    await page.shows(".review h3", hostile);
    assert.match(await page.page.title(), /Fungi/);
    await page.close();
    const small = await open(`${site}/m/books/fungi-explained`, { viewport: phone });
    await small.shows(".lines", hostile);
    await small.close();
    const searched = await open(`${site}/?q=${encodeURIComponent(hostile)}`);
    await searched.shows("h1", hostile);
    await searched.close();
  });

  await t.test("not found", async () => {
    const lost = await open(`${site}/books/no-such-book`, { lost: true });
    assert.equal(lost.status, 404);
    await lost.shows("h1", "We do not have that book");
    await sensible(lost.page);
    await lost.picture("not_found");
    await lost.close();
    const small = await open(`${site}/m/books/no-such-book`, { viewport: phone, lost: true });
    await small.shows("h1", "We do not have that book");
    await small.picture("phone_not_found", false);
    await small.close();
  });

  await t.test("on a phone", async () => {
    const wide = await open(bookPage, { viewport: phone });
    await wide.shows("#live", "Price and stock are live");
    await sensible(wide.page);
    await wide.picture("phone_size");
    await wide.close();
    for (const colorScheme of ["light", "dark"]) {
      const small = await open(`${site}/m/books/${book}`, { viewport: phone, colorScheme });
      await small.shows("h1", "POJOs in Action");
      await small.shows("#price", "$35.96");
      await small.shows("#stock", "In stock");
      await small.shows(".lines li", "A classic");
      await sensible(small.page);
      await small.picture(`phone_${colorScheme}`, false);
      assert.deepEqual(small.requests.filter((request) => !request.startsWith(site)),
        [`${mobile}/mobile/v1/products/${book}`], "one request, and no preflight");
      await small.close();
    }
  });
});
