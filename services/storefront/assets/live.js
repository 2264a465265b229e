// Price and stock of the book as they change, in one stream of the web frontend across origins. Without this the page is
// whole; it is only not live.
"use strict";
(() => {
  const article = document.querySelector("[data-live]");
  if (!article || !("EventSource" in window)) return;
  const product = `${article.dataset.live}/v1/products/${encodeURIComponent(article.dataset.product)}`;
  const at = (id) => document.getElementById(id);

  // Shows a text, and says it to who listens when it is not the first.
  function show(element, text, say) {
    if (element.textContent === text) return;
    element.textContent = text;
    element.classList.remove("changed");
    void element.offsetWidth;
    element.classList.add("changed");
    if (say) at("news").textContent = say;
  }

  const cents = (amount) => Math.round(Number(amount.units ?? 0) * 100 + (amount.nanos ?? 0) / 1e7);

  function money(amount, more = 0) {
    const text = ((cents(amount) + more) / 100).toFixed(2);
    return amount.currencyCode === "USD" ? `$${text}` : `${text} ${amount.currencyCode}`;
  }

  function day(date) {
    const parsed = new Date(`${date}T00:00:00Z`);
    return parsed.toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
  }

  // Who may buy: nobody while the price is not known, or nothing is left.
  function offer() {
    if (!at("buy")) return;
    at("buy").disabled = at("price").classList.contains("waiting") || at("stock").classList.contains("out");
  }

  function showPrice(price) {
    if (!price.price) return;
    at("price").classList.remove("waiting");
    offer();
    show(at("price"), money(price.price), `The price is now ${money(price.price)}`);
    if (at("own-price")) show(at("own-price"), money(price.price));
    if (at("total")) show(at("total"), money(price.price, Number(at("total").dataset.others)));
    const percent = price.discountPercent ?? 0;
    at("discount").hidden = percent === 0;
    at("discount").textContent = `−${percent} %`;
    at("list-price").hidden = percent === 0;
    if (percent !== 0) at("list-price").querySelector("s").textContent = money(price.listPrice);
  }

  function showStock(stock) {
    const available = stock.available ?? 0;
    const [kind, text] =
      stock.availability === "IN_STOCK" ? ["in", "In stock"]
      : stock.availability === "LOW_STOCK" ? ["low", `Only ${available} left`]
      : ["out", stock.restockDate ? `Sold out; more expected on ${day(stock.restockDate)}` : "Sold out at the moment"];
    at("stock").className = `stock ${kind}`;
    show(at("stock"), text, text);
    offer();
    if (at("delivery")) at("delivery").hidden = kind === "out";
  }

  function showLive(live) {
    at("live").hidden = false;
    at("live").classList.toggle("paused", !live);
    at("live-text").textContent = live ? "Price and stock are live" : "Reconnecting…";
  }

  // What was said to be on its way, and is not.
  function giveUpWaiting() {
    if (at("price").classList.contains("waiting")) at("price").textContent = "We cannot tell the price right now";
    if (at("stock").classList.contains("unknown")) at("stock").textContent = "We cannot look at the shelves right now";
  }

  let source;
  let retry;
  let failures = 0;

  function watch() {
    source = new EventSource(`${product}:watch`);
    source.onopen = () => showLive(true);
    source.onmessage = (event) => {
      const { price, stock, omitted } = JSON.parse(event.data);
      if (price) showPrice(price);
      if (stock) showStock(stock);
      // It goes on without what could not be had; a new one may have it.
      if (omitted) again();
    };
    // After a broken connection the browser asks again by itself, but not after an answer that is no stream.
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) again();
      else showLive(false);
    };
  }

  function rest() {
    clearTimeout(retry);
    source.close();
  }

  function again() {
    rest();
    showLive(false);
    if (++failures > 1) giveUpWaiting();
    retry = setTimeout(watch, 3000 + 2000 * Math.random());
  }

  addEventListener("pagehide", rest);
  addEventListener("pageshow", (event) => { if (event.persisted) watch(); });
  watch();
})();
