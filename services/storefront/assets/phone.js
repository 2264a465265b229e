// The phone's page of a book: one request to the mobile frontend, across origins.
"use strict";
(() => {
  const main = document.getElementById("main");
  const at = (id) => document.getElementById(id);
  const show = (id, text) => { at(id).textContent = text; at(id).hidden = false; };
  const stars = (rating) => "★".repeat(Math.round(rating)) + "☆".repeat(5 - Math.round(rating));

  function money(amount) {
    const text = (Math.round((amount.units ?? 0) * 100 + (amount.nanos ?? 0) / 1e7) / 100).toFixed(2);
    return amount.currencyCode === "USD" ? `$${text}` : `${text} ${amount.currencyCode}`;
  }

  function fill(book) {
    document.title = `${book.title} · Portico Books`;
    at("name").classList.remove("waiting");
    show("name", book.title);
    if (book.authors?.length) show("authors", `by ${book.authors.join(", ")}`);
    if (book.imageUrl) {
      at("cover").src = book.imageUrl;
      at("cover").alt = `Cover of ${book.title}`;
      at("cover").hidden = false;
    }
    if (book.rating?.reviewCount) {
      const { averageRating: average, reviewCount: count } = book.rating;
      at("rating").querySelector(".star-text").textContent = stars(average);
      at("rating").querySelector("strong").textContent = average.toFixed(1);
      at("rating").querySelector(".quiet").textContent = `out of 5, ${count} ${count === 1 ? "review" : "reviews"}`;
      at("rating").hidden = false;
    }
    for (const review of book.reviews ?? []) {
      const line = document.createElement("li");
      const rating = document.createElement("span");
      rating.className = "star-text";
      rating.setAttribute("role", "img");
      rating.setAttribute("aria-label", `${review.rating} out of 5 stars`);
      rating.textContent = stars(review.rating);
      const author = document.createElement("span");
      author.className = "quiet";
      author.textContent = ` ${review.authorName ?? ""}`;
      line.append(rating, review.title ?? "", author);
      at("reviews").querySelector("ul").append(line);
      at("reviews").hidden = false;
    }
    const stock = {
      IN_STOCK: ["in", "In stock"],
      LOW_STOCK: ["low", "Only a few left"],
      OUT_OF_STOCK: ["out", "Sold out at the moment"],
    }[book.availability] ?? ["unknown", "Availability unknown"];
    show("price", book.price ? money(book.price) : "Price on the next page");
    at("price").classList.toggle("waiting", !book.price);
    show("stock", stock[1]);
    at("stock").className = `stock ${stock[0]}`;
    at("bar").hidden = false;
    const missing = (book.omitted ?? []).map((omitted) => omitted.part);
    if (missing.includes("reviews")) show("missing", "The reviews are having a moment to themselves.");
  }

  function fail(heading, text) {
    document.title = `${heading} · Portico Books`;
    document.querySelector(".picture").hidden = true;
    at("name").classList.remove("waiting");
    show("name", heading);
    show("missing", text);
  }

  const address = `${main.dataset.mobile}/mobile/v1/products/${encodeURIComponent(main.dataset.product)}`;
  fetch(address, { signal: AbortSignal.timeout(10_000) })
    .then(async (response) => {
      if (response.ok) return fill(await response.json());
      if (response.status === 404) return fail("We do not have that book", "It may have been sold out for good.");
      throw new Error(String(response.status));
    })
    .catch(() => fail("No connection to the shop", "Please try again in a little while."))
    .finally(() => main.setAttribute("aria-busy", "false"));
})();
