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
    let id = location.hash.slice(1);
    try { id = decodeURIComponent(id); } catch { /* a “%” that stands for nothing else */ }
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

  /* Words and gaps stand below numbers, whichever way the numbers are sorted. */
  function compare(a, b, down) {
    const numbers = [a, b].map((x) => typeof x === "number");
    if (numbers[0] !== numbers[1]) return numbers[0] ? -1 : 1;
    const order = numbers[0] ? a - b : a.localeCompare(b);
    return down ? -order : order;
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
        rows.sort((a, b) => compare(value(a.cells[column]), value(b.cells[column]), down));
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

  /* ---- what is wider than the page ---- */

  function sideways(part) {
    const picture = part.matches(".ck-frame, .ckx-picture");
    const note = document.createElement("p");
    note.className = "ck-sideways-note";
    note.textContent = `The ${picture ? "picture" : "table"} goes on to the right: move it sideways.`;
    part.after(note);
    const look = () => {
      const more = part.scrollWidth - part.clientWidth - part.scrollLeft > 4;
      part.classList.toggle("ck-sideways", more);
      note.hidden = !more;
    };
    part.addEventListener("scroll", look, { passive: true });
    if ("ResizeObserver" in window) new ResizeObserver(look).observe(part);
    look();
  }

  /* ---- terms ---- */

  function terms() {
    const touch = window.matchMedia("(hover: none)").matches;
    for (const term of document.querySelectorAll(".ck-term")) {
      const tip = term.querySelector("[role=tooltip]");
      const aside = () => {
        term.classList.remove("ck-hushed");
        const place = term.getBoundingClientRect();
        term.classList.toggle("ck-from-right", place.left > window.innerWidth / 2);
        term.classList.toggle("ck-above", place.bottom > window.innerHeight * 0.7);
      };
      term.addEventListener("mouseenter", aside);
      term.addEventListener("focusin", aside);
      // Where nothing hovers, the first tap shows the meaning and the second one follows the link.
      let opened = false;
      term.addEventListener("pointerdown", () => { opened = tip.getClientRects().length > 0; });
      term.addEventListener("click", (event) => {
        if (!touch || opened) return;
        event.preventDefault();
        term.querySelector("a").focus();
      });
    }
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      const open = document.querySelector(".ck-term:hover, .ck-term:focus-within");
      if (open) open.classList.add("ck-hushed");
    });
  }

  /* ---- print: all that is folded is on paper, and all pictures are there ---- */

  let closed = [];
  window.addEventListener("beforeprint", () => {
    for (const image of document.images) image.loading = "eager";
    closed = [...document.querySelectorAll("details.ck-further:not([open])")];
    for (const details of closed) details.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const details of closed) details.open = false;
  });

  /* The theme leaves its table of contents open over the page on narrow screens. */
  document.addEventListener("click", (event) => {
    const drawer = document.getElementById("__toc");
    if (drawer && event.target.closest(".toc-drawer a")) drawer.checked = false;
  });

  onSwitch("code", openCode);
  onSwitch("answers", (open) => {
    if (window.coursekitOpenAll) window.coursekitOpenAll(open);
  });
  const forget = document.querySelector("button[data-forget]");
  if (forget) {
    forget.addEventListener("click", () => {
      const sure = window.confirm("Forget all guesses that you made on these pages?");
      if (sure && window.coursekitForgetGuesses) window.coursekitForgetGuesses();
    });
  }
  document.querySelectorAll("table.ck-sortable").forEach(sortable);
  document.querySelectorAll("input[data-filter]").forEach(filtered);
  document.querySelectorAll(".ck-table, .ck-frame, .ckx-picture").forEach(sideways);
  terms();
  window.addEventListener("hashchange", openAround);
  openAround();
})();
