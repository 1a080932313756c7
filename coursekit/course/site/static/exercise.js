// Exercises on the page: what was typed is kept, and a solution opens after an attempt. Nothing is
// judged here; that takes Python, and runs in the Lab.
"use strict";

(function () {
  const PREFIX = "coursekit-exercise-";
  const PAUSE = 400; // milliseconds without a key after which what was typed is kept
  const PLACEHOLDERS = new Set(["...", "pass"]);

  // What there is of a text beside comments, docstrings and placeholders, line by line.
  function codeLines(text) {
    return text
      .replace(/("""|''')[\s\S]*?\1/g, "")
      .split("\n")
      .map((line) => line.replace(/(^|\s)#.*$/, "").trim())
      .filter((line) => line !== "" && !PLACEHOLDERS.has(line))
      .filter((line) => !/^(["'])[^"']*\1$/.test(line));
  }

  // "" for an attempt, else the sentence that says what is missing.
  window.coursekitAttemptLacks = function (text, stub) {
    const given = new Set(codeLines(stub));
    if (codeLines(text).some((line) => !given.has(line))) return "";
    if (text.trim() === stub.trim()) {
      return "Nothing is written yet. The solution opens after an attempt: one line of your own.";
    }
    return "There is no line of code yet beside what was given: comments, docstrings, “...” and "
      + "“pass” do not count. The solution opens after an attempt.";
  };

  function start(card) {
    const { key, stub } = JSON.parse(card.dataset.exercise);
    const field = card.querySelector("textarea");
    const status = card.querySelector(".ck-status");
    const kept = coursekitStore.read(PREFIX + key);
    field.value = typeof kept === "string" ? kept : stub;
    let timer = 0;
    field.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        const lasts = coursekitStore.write(PREFIX + key, field.value);
        status.textContent = lasts ? "" : coursekitStore.NOT_KEPT;
      }, PAUSE);
    });
    const button = card.querySelector(".ck-solve");
    if (button) button.addEventListener("click", () => solve(card, button, field.value, stub));
  }

  function solve(card, button, text, stub) {
    const solution = card.querySelector(".ck-solution");
    const lacks = solution.hidden ? window.coursekitAttemptLacks(text, stub) : "";
    card.querySelector(".ck-status").textContent = lacks;
    if (lacks) return;
    solution.hidden = !solution.hidden;
    button.setAttribute("aria-expanded", String(!solution.hidden));
    button.textContent = solution.hidden ? "Show a solution" : "Hide the solution";
    if (!solution.hidden) solution.focus();
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".ck-exercise").forEach(start);
  });
})();
