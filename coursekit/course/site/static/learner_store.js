// What a reader did, kept in this browser only: guesses, attempts at exercises, games.
"use strict";

var coursekitStore = (function () {
  // Browsers that keep nothing may throw on the mere access, so every access is tried. Then the
  // page remembers by itself until it is closed, and the cards say so.
  const memory = new Map();

  function read(key) {
    let text = memory.get(key);
    try {
      text = text ?? window.localStorage.getItem(key);
    } catch {
      // the page's own memory is all there is
    }
    try {
      return text ? JSON.parse(text) : null;
    } catch {
      return null; // edited by hand
    }
  }

  // Whether it is kept when the page is closed.
  function write(key, value) {
    const text = JSON.stringify(value);
    try {
      if (window.localStorage.forgets) throw new Error("nothing is kept");
      window.localStorage.setItem(key, text);
      memory.delete(key);
      return true;
    } catch {
      memory.set(key, text);
      return false;
    }
  }

  function forget(prefix) {
    for (const key of [...memory.keys()]) {
      if (key.startsWith(prefix)) memory.delete(key);
    }
    try {
      for (const key of Object.keys(window.localStorage)) {
        if (key.startsWith(prefix)) window.localStorage.removeItem(key);
      }
    } catch {
      // nothing is kept there
    }
  }

  const NOT_KEPT = "This browser keeps nothing for the page: it is forgotten when you leave.";
  return { read, write, forget, NOT_KEPT };
})();
