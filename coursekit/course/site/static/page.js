/* What every page of the course can do: switches, tables to sort, meanings that step aside. */
"use strict";

(function () {
  const KEY = "coursekit-page-";

  /* Storage may be forbidden (some browsers, file://): then a choice lasts as long as the page. */
  function kept(name) {
    try { return localStorage.getItem(KEY + name); } catch { return null; }
  }
  function keep(name, value) {
    try { localStorage.setItem(KEY + name, value); } catch { /* it is not kept */ }
  }

  function onSwitch(name, act) {
    const box = document.querySelector(`input[data-switch="${name}"]`);
    if (!box) return;
    box.checked = kept(name) === "on";
    box.addEventListener("change", () => {
      keep(name, box.checked ? "on" : "off");
      act(box.checked);
    });
    if (box.checked) act(true);
  }

  function openCode(open) {
    for (const details of document.querySelectorAll(".ck-code")) details.open = open;
  }

  /* A link to a place in folded text opens what it lies in. */
  function openAround() {
    const id = decodeURIComponent(location.hash.slice(1));
    const target = id && document.getElementById(id);
    if (!target) return;
    for (let at = target; at; at = at.parentElement) {
      if (at.tagName === "DETAILS") at.open = true;
      if (at.tagName === "SECTION") {
        const own = at.querySelector(":scope > details.ck-further");
        if (own && at === target) own.open = true;
      }
    }
    target.scrollIntoView();
  }

  /* ---- tables ---- */

  function value(cell) {
    const text = cell ? cell.textContent.trim() : "";
    const number = parseFloat(text.replace("−", "-").replace(/[  ,](?=\d{3})/g, ""));
    return /^[+−-]?[\d.]/.test(text) && !Number.isNaN(number) ? number : text.toLowerCase();
  }

  function compare(a, b) {
    const numbers = [a, b].map((x) => typeof x === "number");
    if (numbers[0] && numbers[1]) return a - b;
    if (numbers[0] !== numbers[1]) return numbers[0] ? -1 : 1; // words stand below numbers
    return a.localeCompare(b);
  }

  function sortable(table) {
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    if (!body || body.rows.length < 6) return; // what one sees at a glance needs no sorting
    heads.forEach((head, column) => {
      if (!head.textContent.trim()) return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = [...body.rows];
        rows.sort((a, b) => compare(value(a.cells[column]), value(b.cells[column])));
        if (down) rows.reverse();
        body.append(...rows);
      });
    });
  }

  function filtered(input) {
    const table = document.getElementById(input.getAttribute("aria-controls"));
    const says = document.getElementById(input.dataset.says);
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of table.tBodies[0].rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        shown += row.hidden ? 0 : 1;
      }
      says.textContent = `${shown} rows`;
    });
  }

  /* ---- terms ---- */

  function terms() {
    for (const term of document.querySelectorAll(".ck-term")) {
      const aside = () => {
        term.classList.remove("ck-hushed");
        const left = term.getBoundingClientRect().left;
        term.classList.toggle("ck-from-right", left > window.innerWidth / 2);
      };
      term.addEventListener("mouseenter", aside);
      term.addEventListener("focusin", aside);
    }
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      const open = document.querySelector(".ck-term:hover, .ck-term:focus-within");
      if (open) open.classList.add("ck-hushed");
    });
  }

  /* ---- print: all that is folded is on paper ---- */

  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details.ck-further:not([open])")];
    for (const details of closed) details.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const details of closed) details.open = false;
  });

  onSwitch("code", openCode);
  onSwitch("answers", (open) => {
    if (window.coursekitOpenAll) window.coursekitOpenAll(open);
  });
  const forget = document.querySelector("button[data-forget]");
  if (forget) {
    forget.addEventListener("click", () => {
      if (window.coursekitForgetGuesses) window.coursekitForgetGuesses();
    });
  }
  document.querySelectorAll("table.ck-sortable").forEach(sortable);
  document.querySelectorAll("input[data-filter]").forEach(filtered);
  terms();
  window.addEventListener("hashchange", openAround);
  openAround();
})();
