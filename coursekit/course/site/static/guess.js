// Guess first, then look: nothing below a guess is seen before it is committed or skipped.
// The style sheet hides what follows a card without the class ck-done; this script sets it.
"use strict";

(function () {
  const PREFIX = "coursekit-guess-";
  const OPEN_ALL = "coursekit-open-all";
  const root = document.documentElement;

  function cards() {
    return [...document.querySelectorAll(".ck-guess")];
  }

  function specOf(card) {
    return JSON.parse(card.dataset.guess);
  }

  function firstOpen() {
    return cards().find((card) => !card.classList.contains("ck-done"));
  }

  // The guess that hides a place. One in a section marked Further hides that section's rest only.
  function inTheWay(target) {
    return cards().find((card) => {
      const further = card.closest(".ck-further");
      const after = card.compareDocumentPosition(target) & Node.DOCUMENT_POSITION_FOLLOWING;
      return after && !card.classList.contains("ck-done") && (!further || further.contains(target));
    });
  }

  function start(card) {
    const spec = specOf(card);
    const kind = coursekitGuessKinds[spec.kind];
    kind.wire(card, spec);
    card.querySelector(".ck-commit").addEventListener("click", () => commit(card));
    card.querySelector(".ck-skip").addEventListener("click", () => finish(card, null));
    const field = card.querySelector(".ck-field");
    if (field) {
      field.addEventListener("keydown", (event) => {
        if (event.key === "Enter") commit(card);
      });
    }
    // Browsers fill in what stood in a field before the page was loaded anew.
    if (!showKept(card)) kind.put(card, spec, null);
  }

  // Show the guess that was made earlier, or in another tab; whether there is one.
  function showKept(card) {
    const spec = specOf(card);
    const kept = coursekitStore.read(PREFIX + spec.key);
    const good = kept && typeof kept === "object" && fits(coursekitGuessKinds[spec.kind], spec, kept);
    if (good) show(card, kept.guess);
    return good;
  }

  function followStore(event) {
    const card = cards().find((one) => PREFIX + specOf(one).key === event.key);
    if (card && !card.classList.contains("ck-done")) showKept(card);
  }

  // Whether what was kept is a guess at this question as it is by now.
  function fits(kind, spec, kept) {
    if (kept.guess === null) return true;
    const same = spec.kind !== "curve" || String(kept.xs) === String(spec.xs);
    return same && kind.fits(spec, kept.guess);
  }

  function commit(card) {
    const spec = specOf(card);
    const { guess, sentence } = coursekitGuessKinds[spec.kind].read(card, spec);
    if (sentence) {
      card.querySelector(".ck-alert").textContent = sentence;
    } else {
      finish(card, guess);
    }
  }

  // Where a link was to lead that a guess stood in the way of.
  let wanted = "";

  function finish(card, guess) {
    if (card.classList.contains("ck-done")) return;
    const spec = specOf(card);
    const kept = coursekitStore.write(PREFIX + spec.key, { guess, xs: spec.xs });
    show(card, guess);
    say(card, kept ? opened() : `${opened()} ${coursekitStore.NOT_KEPT}`);
    card.querySelector(".ck-answer").focus();
    if (wanted) {
      const hash = wanted;
      if (!follow(hash)) placeOf(hash).scrollIntoView();
    }
  }

  // What can be read now that could not before.
  function opened() {
    const next = firstOpen();
    if (root.classList.contains("ck-open-all")) return "";
    if (!next) return "The rest of this page is open.";
    return `The page is open down to the next guess, “${specOf(next).question}”`;
  }

  function say(card, sentence) {
    if (!sentence) return;
    const line = document.createElement("p");
    line.className = "ck-note";
    line.textContent = sentence;
    card.querySelector(".ck-answer").append(line);
  }

  // guess: null where it was skipped.
  function show(card, guess) {
    const spec = specOf(card);
    const kind = coursekitGuessKinds[spec.kind];
    kind.put(card, spec, guess);
    const words = kind.words(spec, guess);
    const score = guess === null ? "Skipped: no guess was made."
      : `Score: ${kind.score(spec, guess)} of 100.`;
    const line = document.createElement("p");
    line.textContent = `${words} ${score}`;
    card.querySelector(".ck-alert").textContent = "";
    card.querySelector(".ck-answer").replaceChildren(line);
    card.querySelector(".ck-drawn").replaceChildren(kind.picture(spec, guess, words));
    card.classList.add("ck-done");
    able(card, false);
  }

  function able(card, on) {
    for (const part of card.querySelectorAll("input, button")) part.disabled = !on;
  }

  // What an address's part after # names; null for none.
  function placeOf(hash) {
    try {
      return document.getElementById(decodeURIComponent(hash.slice(1)));
    } catch {
      return null; // no part of an address that a page of ours writes
    }
  }

  // A link to what is hidden leads to the guess in its way, and says so.
  function follow(hash) {
    const target = placeOf(hash);
    const card = target && !root.classList.contains("ck-open-all") && inTheWay(target);
    wanted = card ? hash : "";
    if (!card) return false;
    card.querySelector(".ck-alert").textContent =
      "The part you asked for comes after this guess. Commit one, or skip, and it opens.";
    card.scrollIntoView({ block: "center" });
    card.querySelector("input").focus({ preventScroll: true });
    return true;
  }

  function followClick(event) {
    const link = event.target.closest && event.target.closest("a[href*='#']");
    if (!link || link.pathname !== window.location.pathname) return;
    if (follow(link.hash)) event.preventDefault();
  }

  // The browser looks for the place in the address before the guesses made earlier open it.
  function followAddress() {
    const { hash } = window.location;
    const target = placeOf(hash);
    if (!follow(hash) && target) target.scrollIntoView();
  }

  window.coursekitForgetGuesses = function () {
    coursekitStore.forget(PREFIX);
    for (const card of cards()) {
      const spec = specOf(card);
      card.classList.remove("ck-done");
      able(card, true);
      coursekitGuessKinds[spec.kind].put(card, spec, null);
      card.querySelector(".ck-answer").replaceChildren();
      card.querySelector(".ck-drawn").replaceChildren();
    }
  };

  // Open everything without a guess, or go back to guessing first; the choice is kept.
  window.coursekitOpenAll = function (open) {
    root.classList.toggle("ck-open-all", open);
    coursekitStore.write(OPEN_ALL, open);
  };

  document.addEventListener("DOMContentLoaded", () => {
    root.classList.toggle("ck-open-all", coursekitStore.read(OPEN_ALL) === true);
    cards().forEach(start);
    document.addEventListener("click", followClick);
    window.addEventListener("hashchange", followAddress);
    window.addEventListener("storage", followStore); // another tab of this browser kept something
    if (cards().length && window.location.hash) followAddress();
  });
})();
