// What a player knows and has: cases, orders, answers, points. Nothing here touches the page.
// A play is {spec, cases, number, kept, lasts}: the rules, the stored cases (null until they are
// loaded), the case on the card, what was done by case, and whether the browser keeps it.
"use strict";

var coursekitGameState = (function () {
  const PREFIX = "coursekit-game-";

  // What was done before, without what does not fit the game any more.
  function read(spec) {
    const kept = coursekitStore.read(PREFIX + spec.key) ?? {};
    const fits = ([, entry]) => entry && Array.isArray(entry.orders)
      && entry.orders.every((name) => Object.hasOwn(spec.orders, name));
    return Object.fromEntries(Object.entries(kept).filter(fits));
  }

  function keep(play, entry) {
    // What another tab kept or forgot meanwhile stays so.
    play.kept = { ...read(play.spec), [play.number]: entry };
    play.lasts = coursekitStore.write(PREFIX + play.spec.key, play.kept);
  }

  function entryOf(play, number = play.number) {
    return play.kept[number] ?? { orders: [] };
  }

  // An answer that was kept counts only if the case can show it.
  function isAnswered(play, number = play.number) {
    const { answer } = entryOf(play, number);
    return answer !== undefined && Object.hasOwn(play.cases[number].after, String(answer));
  }

  function numbers(play) {
    return Object.keys(play.cases).map(Number);
  }

  // The first case from this one on, round and round, that waits for an answer.
  function unanswered(play, first) {
    const all = numbers(play);
    const from = [...all.filter((n) => n >= first), ...all.filter((n) => n < first)];
    return from.find((n) => !isAnswered(play, n)) ?? from[0];
  }

  // Picture, text and table of the case as it stands.
  function look(play) {
    const { before, after } = play.cases[play.number];
    const { orders, answer } = entryOf(play);
    if (isAnswered(play)) return after[String(answer)];
    return before[Object.keys(play.spec.orders).filter((name) => orders.includes(name)).join("+")];
  }

  function cost(play, orders) {
    return orders.reduce((sum, name) => sum + play.spec.orders[name], 0);
  }

  function score(play, number = play.number) {
    const { answer, orders } = entryOf(play, number);
    const full = coursekitScores.full(play.spec.answers, answer, play.cases[number].truth);
    return { full, paid: Math.max(0, full - cost(play, orders)) };
  }

  function inWords(answer) {
    return typeof answer === "number" ? answer.toFixed(2) : answer;
  }

  function orderWords(play, name) {
    const [label, price] = [play.spec.labels[name], `(−${play.spec.orders[name]})`];
    if (entryOf(play).orders.includes(name)) return `${label}: ordered ${price}`;
    return isAnswered(play) ? `${label}: not ordered` : `Order ${label} ${price}`;
  }

  function sentences(play) {
    return [...(isAnswered(play) ? outcome(play) : worth(play)), total(play)];
  }

  function worth(play) {
    const points = 100 - cost(play, entryOf(play).orders);
    return [`Case ${play.number}: a right answer is worth ${points} points.`];
  }

  function outcome(play) {
    const { answer, orders } = entryOf(play);
    const { truth, verdict } = play.cases[play.number];
    const right = coursekitScores.right(play.spec.answers, answer, truth) ? "Right" : "Not right";
    const { full, paid } = score(play);
    return [
      `${right}. Your answer: ${inWords(answer)}. The truth: ${inWords(truth)}.`,
      `Score: ${full} for the answer, less ${cost(play, orders)} for evidence: ${paid} of 100.`,
      verdict,
    ];
  }

  function total(play) {
    const done = numbers(play).filter((number) => isAnswered(play, number));
    const points = done.reduce((sum, number) => sum + score(play, number).paid, 0);
    const lasts = play.lasts === false ? ` ${coursekitStore.NOT_KEPT}` : "";
    return `In all: ${points} of ${100 * done.length} points, cases answered: ${done.length} of `
      + `${numbers(play).length}.${lasts}`;
  }

  return { read, keep, entryOf, isAnswered, unanswered, look, orderWords, sentences, inWords };
})();
