// The explorers of a page: knobs around pictures that were drawn beforehand.
// A classic script: pages also open from file://, where modules and fetch do not work.
(function () {
  "use strict";

  const NEAR = "400px"; // so far from the window a card begins to load

  const stored = new Map(); // explorer → code → state
  const scripts = new Map(); // address → promise
  const pictures = new Map(); // address → image, kept so that the browser keeps it too

  // What each script of stored states calls.
  window.courseExplorer = function (key, states) {
    const known = stored.get(key) || {};
    for (const code of Object.keys(states)) known[code] = Object.assign(known[code] || {}, states[code]);
    stored.set(key, known);
  };

  // Loading.

  function load(address) {
    if (!scripts.has(address)) {
      scripts.set(address, new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = address;
        script.onload = resolve;
        script.onerror = () => {
          scripts.delete(address); // asked again, it is tried again
          reject(new Error(address));
        };
        document.head.append(script);
      }));
    }
    return scripts.get(address);
  }

  function preload(address) {
    if (pictures.has(address)) return;
    const image = new Image();
    image.src = address;
    pictures.set(address, image);
  }

  const idle = window.requestIdleCallback || ((work) => setTimeout(work, 200));

  // One card. card.numbers: the state, a number for each knob of the Lab. card.preset: the place of
  // the preset it started from. card.elsewhere: a code that was entered and is not stored.
  function start(root) {
    const one = (name) => root.querySelector(`[data-${name}]`);
    const facts = JSON.parse(one("facts").textContent);
    const card = {
      root, facts,
      base: root.dataset.base,
      preset: 0,
      numbers: [...facts.presets[0].start],
      elsewhere: "",
      code: "",
      inputs: [...root.querySelectorAll("[data-knob]")],
      presets: [...root.querySelectorAll("[data-preset]")],
      image: root.querySelector("img"),
      details: root.querySelector("details"),
      fixed: one("fixed"), status: one("status"), table: one("table"), field: one("code"),
      picture: one("picture"), needs: one("needs"), why: one("why"), call: one("call"),
    };
    card.inputs.forEach((input, i) => {
      input.addEventListener("input", () => {
        const knob = facts.knobs[i];
        card.numbers[knob.place] = knob.numbers[Number(input.value)];
        go(card);
      });
    });
    card.presets.forEach((button, i) => button.addEventListener("click", () => toPreset(card, i)));
    one("reset").addEventListener("click", () => toPreset(card, card.preset));
    one("copy").addEventListener("click", () => copy(card));
    card.field.addEventListener("change", () => enter(card, card.field.value));
    card.image.addEventListener("load", () => card.picture.classList.remove("ckx-waiting"));
    card.image.addEventListener("error", () => say(card, "The picture could not be loaded."));
    card.details.addEventListener("toggle", () => showTable(card));
    // What is not touched is not loaded beyond its first preset.
    root.addEventListener("focusin", () => loadAll(card), { once: true });
    root.addEventListener("pointerenter", () => loadAll(card), { once: true });
    root.querySelectorAll(".ckx-controls, .ckx-code").forEach((part) => { part.hidden = false; });
    card.code = window.courseCodes.encode(facts, card.numbers);
    put(card);
    whenNear(root, () => loadPreset(card, 0).then(() => preloadNeighbours(card), () => {}));
  }

  function whenNear(root, act) {
    if (!("IntersectionObserver" in window)) {
      act();
      return;
    }
    const watch = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      watch.disconnect();
      act();
    }, { rootMargin: NEAR });
    watch.observe(root);
  }

  function loadPreset(card, place, kind = "") {
    return load(`${card.base}${card.facts.presets[place].script}${kind}.js`);
  }

  // What is stored of the present state: undefined before its script is there.
  function known(card) {
    return (stored.get(card.facts.key) || {})[card.code];
  }

  function loadAll(card) {
    card.facts.presets.forEach((_, place) => loadPreset(card, place).catch(() => {}));
  }

  function toPreset(card, place) {
    card.preset = place;
    card.numbers = [...card.facts.presets[place].start];
    go(card);
  }

  // The preset whose script has a state, the present one first; -1 where none has.
  function placeOf(card, code) {
    const has = (preset) => preset.codes.includes(code);
    return has(card.facts.presets[card.preset]) ? card.preset : card.facts.presets.findIndex(has);
  }

  function go(card) {
    card.elsewhere = "";
    card.code = window.courseCodes.encode(card.facts, card.numbers);
    put(card);
    const place = placeOf(card, card.code);
    if (place < 0) {
      needLab(card, why(card), card.code);
      return;
    }
    if (known(card) && known(card).picture) {
      show(card);
      return;
    }
    card.picture.classList.add("ckx-waiting");
    ifStill(card, loadPreset(card, place), () => show(card));
  }

  // Then act, unless the card has gone elsewhere meanwhile.
  function ifStill(card, loaded, act) {
    const wanted = card.code;
    const still = () => card.code === wanted && !card.elsewhere;
    loaded.then(
      () => { if (still()) act(); },
      () => { if (still()) say(card, "What this state shows could not be loaded."); },
    );
  }

  // Knobs, presets and code as the state has them.
  function put(card) {
    card.inputs.forEach((input, i) => {
      const knob = card.facts.knobs[i];
      const at = knob.numbers.indexOf(card.numbers[knob.place]);
      input.value = String(at);
      if (input.type !== "range") return;
      input.setAttribute("aria-valuetext", knob.texts[at]);
      input.previousElementSibling.textContent = knob.texts[at];
    });
    card.presets.forEach((button, i) => {
      button.setAttribute("aria-pressed", String(i === card.preset));
    });
    card.fixed.textContent = card.facts.presets[card.preset].fixed;
    card.field.value = card.code;
  }

  function show(card) {
    const state = known(card);
    const address = card.base + state.picture;
    card.needs.hidden = true;
    card.picture.classList.remove("ckx-away");
    card.image.alt = state.alt;
    card.image.removeAttribute("aria-hidden");
    if (card.image.getAttribute("src") !== address) {
      card.image.loading = "eager";
      card.image.src = address;
    }
    card.picture.classList.toggle("ckx-waiting", !card.image.complete);
    showTable(card);
    say(card, state.headline);
    preloadNeighbours(card);
  }

  // The table when it is open: most never are.
  function showTable(card) {
    if (!card.details.open || !card.needs.hidden) return;
    const state = known(card);
    if (state && state.table) card.table.innerHTML = state.table;
    else ifStill(card, loadPreset(card, placeOf(card, card.code), "-tables"), () => showTable(card));
  }

  // Nobody is to take the picture before for the state that is not there.
  function needLab(card, sentence, code) {
    card.why.textContent = sentence;
    card.call.textContent = `EXPLORERS["${card.facts.key}"]().open("${code}")`;
    card.needs.hidden = false;
    card.picture.classList.remove("ckx-waiting");
    card.picture.classList.add("ckx-away");
    card.image.setAttribute("aria-hidden", "true");
    card.table.textContent = "This state needs the Lab; its numbers are not stored here.";
    say(card, sentence);
  }

  function why(card) {
    const preset = card.facts.presets[card.preset];
    const moved = card.facts.knobs.filter((k) => card.numbers[k.place] !== preset.start[k.place]);
    const names = moved.map((knob) => `“${knob.label}”`).join(", ").replace(/, (?=[^,]*$)/, " and ");
    return `This state needs the Lab: it was not drawn beforehand. Here one knob at a time can be ` +
      `away from “${preset.name}”; now ${names} are.`;
  }

  function enter(card, text) {
    const entered = window.courseCodes.read(card.facts, text);
    if (entered.wrong) {
      say(card, entered.wrong);
      card.field.value = card.elsewhere || card.code;
      return;
    }
    const place = placeOf(card, entered.code);
    if (place >= 0) {
      card.preset = place;
      card.numbers = entered.numbers;
      go(card);
      return;
    }
    card.elsewhere = entered.code;
    card.field.value = entered.code;
    needLab(card, "The state of this code needs the Lab: it was not drawn beforehand.", entered.code);
  }

  function say(card, sentence) {
    card.status.textContent = sentence;
  }

  function preloadNeighbours(card) {
    idle(() => {
      const states = stored.get(card.facts.key) || {};
      card.facts.knobs.forEach((knob) => {
        const at = knob.numbers.indexOf(card.numbers[knob.place]);
        [at - 1, at + 1].filter((i) => i in knob.numbers).forEach((i) => {
          const numbers = [...card.numbers];
          numbers[knob.place] = knob.numbers[i];
          const state = states[window.courseCodes.encode(card.facts, numbers)];
          if (state && state.picture) preload(card.base + state.picture);
        });
      });
    });
  }

  function copy(card) {
    const line = card.call.textContent;
    const done = () => say(card, "The line is copied.");
    const select = () => { // where a page may not write to the clipboard
      window.getSelection().selectAllChildren(card.call);
      say(card, "The line is selected; copy it with the keyboard.");
    };
    if (navigator.clipboard) navigator.clipboard.writeText(line).then(done, select);
    else select();
  }

  function startAll() {
    document.querySelectorAll(".ckx[data-explorer]").forEach(start);
  }
  // Then all scripts of the page have run, in whatever order they stand.
  if (document.readyState === "complete") startAll();
  else document.addEventListener("DOMContentLoaded", startAll);
})();
