// What guesses and answers are worth: the formulas of the Lab, to the last bit.
"use strict";

var coursekitScores = (function () {
  const NUMBER_ZERO_AT = 0.5; // share of the scale by which a number must miss for a score of 0
  const CURVE_ZERO_AT = 0.25; // the same for a sketch, by its mean miss

  // Python's round: a half goes to the even neighbour.
  function round(x) {
    const up = Math.round(x);
    return up - x === 0.5 && up % 2 !== 0 ? up - 1 : up;
  }

  function number(guess, truth, within, span) {
    const miss = Math.max(0, Math.abs(guess - truth) - within);
    return round(100 * Math.max(0, 1 - miss / (NUMBER_ZERO_AT * span)));
  }

  function curve(guess, truth, within, span) {
    const missed = guess.map((y, i) => Math.max(0, Math.abs(y - truth[i]) - within));
    const mean = missed.reduce((sum, x) => sum + x, 0) / missed.length;
    return round(100 * Math.max(0, 1 - mean / (CURVE_ZERO_AT * span)));
  }

  // answers: the options, or a scale with within and worthless.
  function right(answers, answer, truth) {
    if (Array.isArray(answers)) return answer === truth;
    return Math.abs(answer - truth) <= answers.within + 1e-9;
  }

  // A game's answer before the evidence is paid.
  function full(answers, answer, truth) {
    if (Array.isArray(answers)) return answer === truth ? 100 : 0;
    const off = Math.abs(answer - truth);
    const part = (answers.worthless - off) / (answers.worthless - answers.within);
    return round(100 * Math.min(Math.max(part, 0), 1));
  }

  // A number with at most so many digits that count, as Python's "g" writes it.
  function short(x, digits = 4) {
    return String(parseFloat(x.toPrecision(digits)));
  }

  return { round, number, curve, right, full, short };
})();
