// The three kinds of guess: how a card is read and filled, and what is said of a guess.
// A spec is the card's data-guess; a guess is a number, an option or the heights of a sketch.
"use strict";

var coursekitGuessKinds = (function () {
  const { number: numberScore, curve: curveScore, short } = coursekitScores;

  function withUnit(spec, x) {
    return `${short(x)} ${spec.unit}`.trim();
  }

  function within(spec) {
    return spec.within > 0 ? ` Off by ${short(spec.within)} or less is right.` : "";
  }

  const number = {
    wire(card, spec) {
      const [range, field] = card.querySelectorAll("input");
      range.addEventListener("input", () => { field.value = range.value; });
      field.addEventListener("input", () => { if (field.value !== "") range.value = field.value; });
    },
    // The guess, or the sentence that says why there is none.
    read(card, spec) {
      const text = card.querySelector(".ck-field").value;
      const x = Number(text);
      const steps = (x - spec.low) / spec.step;
      const onGrid = Math.abs(steps - Math.round(steps)) < 1e-6;
      const fits = text !== "" && x >= spec.low && x <= spec.high && onGrid;
      const ends = `from ${short(spec.low)} to ${short(spec.high)} in steps of ${short(spec.step)}`;
      return fits ? { guess: x } : { sentence: `Enter a number ${ends}.` };
    },
    put(card, spec, guess) {
      for (const input of card.querySelectorAll("input")) input.value = guess ?? spec.start;
    },
    fits: (spec, guess) => typeof guess === "number" && guess >= spec.low && guess <= spec.high,
    score: (spec, guess) => numberScore(guess, spec.truth, spec.within, spec.high - spec.low),
    words(spec, guess) {
      const truth = `The truth is ${withUnit(spec, spec.truth)}`;
      if (guess === null) return `${truth}.`;
      const off = short(Math.abs(guess - spec.truth));
      return `${truth}, your guess was ${withUnit(spec, guess)}: off by ${off}.${within(spec)}`;
    },
    picture: (spec, guess, words) => coursekitPictures.numberLine(spec, guess, words),
  };

  const choice = {
    wire() {},
    read(card) {
      const chosen = card.querySelector("input:checked");
      return chosen ? { guess: chosen.value }
        : { sentence: "Choose one of the options first, or skip." };
    },
    put(card, spec, guess) {
      for (const input of card.querySelectorAll("input")) input.checked = input.value === guess;
    },
    fits: (spec, guess) => spec.options.includes(guess),
    score: (spec, guess) => (guess === spec.truth ? 100 : 0),
    words(spec, guess) {
      if (guess === null) return `The truth is: ${spec.truth}.`;
      const right = guess === spec.truth ? "Right" : "Not right";
      return `${right}. The truth is: ${spec.truth}. Your guess was: ${guess}.`;
    },
    picture: (spec, guess) => coursekitPictures.options(spec, guess),
  };

  function truthAt(spec) {
    const byX = new Map(spec.truth);
    return spec.xs.map((x) => byX.get(x));
  }

  function points(spec, heights) {
    return heights.map((y, i) => `${short(y, 3)} at ${short(spec.xs[i])}`).join(", ");
  }

  function sliders(card) {
    return [...card.querySelectorAll(".ck-point input")];
  }

  const curve = {
    wire(card, spec) {
      for (const input of sliders(card)) input.addEventListener("input", () => draw(card, spec));
      for (const button of card.querySelectorAll(".ck-shape")) {
        button.addEventListener("click", () => curve.put(card, spec, shape(spec, button)));
      }
      draw(card, spec);
    },
    read: (card) => ({ guess: sliders(card).map((input) => Number(input.value)) }),
    put(card, spec, guess) {
      const middle = (spec.low + spec.high) / 2;
      sliders(card).forEach((input, i) => { input.value = guess ? guess[i] : middle; });
      draw(card, spec);
    },
    fits: (spec, guess) => Array.isArray(guess) && guess.length === spec.xs.length
      && guess.every((y) => typeof y === "number" && y >= spec.low && y <= spec.high),
    score: (spec, guess) => curveScore(guess, truthAt(spec), spec.within, spec.high - spec.low),
    words(spec, guess) {
      const truth = truthAt(spec);
      const shown = `The true curve: ${points(spec, truth)}.`;
      if (guess === null) return shown;
      const off = guess.map((y, i) => Math.abs(y - truth[i]));
      const mean = short(off.reduce((sum, x) => sum + x, 0) / off.length, 3);
      const close = off.filter((x) => x <= spec.within + 1e-9).length;
      return `${shown} Your sketch: ${points(spec, guess)}. It is off by ${mean} on average; `
        + `${close} of ${off.length} points are within ${short(spec.within)} of the truth.`;
    },
    picture: (spec, guess, words) => coursekitPictures.curves(spec, guess, spec.truth, words),
  };

  // The heights of a start shape, from its values at the beginning, the middle and the end.
  function shape(spec, button) {
    const [start, middle, end] = JSON.parse(button.dataset.shares);
    const last = spec.xs.length - 1;
    return spec.xs.map((_, i) => {
      const t = (2 * i) / last;
      const share = t <= 1 ? start + t * (middle - start) : middle + (t - 1) * (end - middle);
      return spec.low + share * (spec.high - spec.low);
    });
  }

  function draw(card, spec) {
    const heights = curve.read(card).guess;
    sliders(card).forEach((input, i) => {
      input.nextElementSibling.textContent = short(heights[i]);
    });
    const words = `Your sketch: ${points(spec, heights)}.`;
    const picture = coursekitPictures.curves(spec, heights, null, words);
    card.querySelector(".ck-sketch").replaceChildren(picture);
  }

  return { number, choice, curve };
})();
