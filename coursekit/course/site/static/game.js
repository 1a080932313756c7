// Diagnosis games: evidence to order, an answer, the truth beside it; ten stored cases per game.
"use strict";

(function () {
  const NEAR = "600px"; // how far below the window a game may be when its cases are loaded
  const state = coursekitGameState;
  const plays = []; // one for each card on this page

  // Called by the script beside the pictures.
  window.coursekitGameCases = function (name, cases) {
    for (const play of plays) {
      if (play.spec.name === name && !play.cases) {
        play.cases = cases;
        show(play, state.unanswered(play, 1));
      }
    }
  };

  function prepare(card) {
    const spec = JSON.parse(card.dataset.game);
    const play = { card, spec, cases: null, number: 1, kept: state.read(spec), lasts: true };
    plays.push(play);
    const on = (selector, event, act) => {
      for (const part of card.querySelectorAll(selector)) {
        part.addEventListener(event, () => play.cases && act(play, part));
      }
    };
    on("[data-order]", "click", order);
    on(".ck-commit", "click", commit);
    on(".ck-next", "click", () => show(play, state.unanswered(play, play.number + 1)));
    on(".ck-case", "change", () => show(play, Number(card.querySelector(".ck-case").value)));
    on(".ck-range", "input", write);
    const watch = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) {
        watch.disconnect();
        load(play);
      }
    }, { rootMargin: NEAR });
    watch.observe(card);
  }

  function load(play) {
    const script = document.createElement("script");
    script.src = `${play.card.dataset.base}/cases.js`;
    script.addEventListener("error", () => warn(play, "The cases of this game are not here."));
    document.head.append(script);
  }

  function show(play, number) {
    play.number = number;
    put(play);
    draw(play);
  }

  function order(play, button) {
    if (isClosed(play)) return;
    const { orders } = state.entryOf(play);
    const name = button.dataset.order;
    if (!orders.includes(name)) state.keep(play, { orders: [...orders, name] });
    draw(play);
  }

  function commit(play) {
    if (isClosed(play)) return;
    const answer = chosen(play);
    if (answer === null) {
      warn(play, "Choose one of the options first.");
      return;
    }
    state.keep(play, { orders: state.entryOf(play).orders, answer });
    show(play, play.number);
    play.card.querySelector(".ck-answer").focus();
  }

  // Whether the case is answered; then nothing of it can be changed, and the card says so.
  function isClosed(play) {
    play.kept = state.read(play.spec); // another tab may have answered it meanwhile
    const closed = state.isAnswered(play);
    if (closed) {
      show(play, play.number);
      warn(play, `Case ${play.number} is answered; press “Next case” or open another number.`);
    }
    return closed;
  }

  // What stands in the card; null where no option is chosen.
  function chosen(play) {
    const range = play.card.querySelector(".ck-range");
    if (range) return Number(range.value);
    return play.card.querySelector("input:checked")?.value ?? null;
  }

  // The answer that was given, or a fresh start.
  function put(play) {
    const done = state.isAnswered(play);
    const { answer } = state.entryOf(play);
    play.card.querySelector(".ck-case").value = String(play.number);
    for (const input of play.card.querySelectorAll("input")) {
      input.disabled = done;
      if (input.type === "radio") input.checked = done && input.value === answer;
      else input.value = done ? answer : input.defaultValue;
    }
    write(play);
  }

  function write(play) {
    const output = play.card.querySelector("output");
    if (!output) return;
    output.textContent = state.inWords(chosen(play));
    play.card.querySelector(".ck-range").setAttribute("aria-valuetext", output.textContent);
  }

  function draw(play) {
    const { card } = play;
    const { picture, alt, table } = state.look(play);
    const image = card.querySelector(".ck-look");
    image.src = `${card.dataset.base}/${picture}`;
    image.alt = alt;
    card.querySelector(".ck-table").innerHTML = table;
    const { orders } = state.entryOf(play);
    for (const button of card.querySelectorAll("[data-order]")) {
      const name = button.dataset.order;
      button.setAttribute("aria-pressed", String(orders.includes(name)));
      button.textContent = state.orderWords(play, name);
    }
    warn(play, "");
    const lines = state.sentences(play).map((sentence) => {
      const line = document.createElement("p");
      line.textContent = sentence;
      return line;
    });
    card.querySelector(".ck-answer").replaceChildren(...lines);
  }

  function warn(play, sentence) {
    play.card.querySelector(".ck-alert").textContent = sentence;
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".ck-game").forEach(prepare);
  });
})();
