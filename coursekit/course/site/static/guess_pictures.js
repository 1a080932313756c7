// Small drawings of a guess beside the truth: a number line, and curves. The truth is a blue disc
// and a full line, the guess an orange square and a dashed one, so that colour is never alone.
"use strict";

var coursekitPictures = (function () {
  const NS = "http://www.w3.org/2000/svg";
  const short = coursekitScores.short;

  function make(parent, name, attributes, text) {
    const made = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    parent.append(made);
    return made;
  }

  function frame(width, height, words) {
    const svg = document.createElementNS(NS, "svg");
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", words);
    svg.setAttribute("class", "ck-svg");
    return svg;
  }

  function disc(svg, x, y) {
    make(svg, "circle", { cx: x, cy: y, r: 7, class: "ck-true" });
  }

  function square(svg, x, y) {
    make(svg, "rect", { x: x - 5, y: y - 5, width: 10, height: 10, class: "ck-guessed" });
  }

  // A label that stays inside the picture.
  function label(svg, x, y, width, words) {
    const anchor = x < 90 ? "start" : x > width - 90 ? "end" : "middle";
    const place = anchor === "middle" ? x : x + (anchor === "start" ? -6 : 6);
    make(svg, "text", { x: place, y, "text-anchor": anchor }, words);
  }

  // guess: null where there is none.
  function numberLine(spec, guess, words) {
    const width = 420;
    const low = Math.min(spec.low, spec.truth);
    const high = Math.max(spec.high, spec.truth);
    const place = (v) => 14 + (Math.min(Math.max((v - low) / (high - low), 0), 1)) * (width - 28);
    const svg = frame(width, 84, words);
    const [from, to] = [place(spec.truth - spec.within), place(spec.truth + spec.within)];
    make(svg, "rect", { x: from, y: 26, width: to - from, height: 28, class: "ck-band" });
    make(svg, "line", { x1: 14, x2: width - 14, y1: 40, y2: 40, class: "ck-line" });
    label(svg, place(spec.truth), 18, width, `truth ${short(spec.truth)}`);
    disc(svg, place(spec.truth), 40);
    if (guess !== null) {
      square(svg, place(guess), 40);
      label(svg, place(guess), 72, width, `your guess ${short(guess)}`);
    }
    return svg;
  }

  function path(points) {
    return points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
  }

  // heights: of the sketch, one per point of spec.xs, or null.  truth: [x, y] pairs, or null.
  function curves(spec, heights, truth, words) {
    const [width, height, edge, bottom] = [420, 220, 46, 184];
    const ys = (truth ?? []).map((pair) => pair[1]);
    const low = Math.min(spec.low, ...ys);
    const high = Math.max(spec.high, ...ys);
    const [first, last] = [spec.xs[0], spec.xs[spec.xs.length - 1]];
    const across = (x) => edge + 8 + ((x - first) / (last - first)) * (width - edge - 20);
    const up = (y) => bottom - ((y - low) / (high - low)) * (bottom - 14);
    const svg = frame(width, height, words);
    for (const y of [low, (low + high) / 2, high]) {
      make(svg, "line", { x1: edge, x2: width - 4, y1: up(y), y2: up(y), class: "ck-grid" });
      make(svg, "text", { x: edge - 6, y: up(y) + 4, "text-anchor": "end" }, short(y, 3));
    }
    for (const x of spec.xs) {
      make(svg, "text", { x: across(x), y: bottom + 16, "text-anchor": "middle" }, short(x));
    }
    make(svg, "text", { x: (edge + width) / 2, y: height - 4, "text-anchor": "middle" },
      spec.names[0]);
    if (truth) {
      const place = (y) => up(Math.min(Math.max(y, low), high));
      const rim = (sign) => truth.map(([x, y]) => [across(x), place(y + sign * spec.within)]);
      const around = [...rim(1), ...rim(-1).reverse()];
      make(svg, "path", { d: path(around) + "Z", class: "ck-band" });
      make(svg, "path", { d: path(truth.map(([x, y]) => [across(x), up(y)])), class: "ck-true-line" });
      for (const [x, y] of truth) if (spec.xs.includes(x)) disc(svg, across(x), up(y));
    }
    if (heights) {
      const points = heights.map((y, i) => [across(spec.xs[i]), up(y)]);
      make(svg, "path", { d: path(points), class: "ck-dashes" });
      for (const [x, y] of points) square(svg, x, y);
    }
    return svg;
  }

  // Which option is true and which was guessed, as a list with words beside the marks.
  function options(spec, guess) {
    const list = document.createElement("ul");
    list.className = "ck-marked";
    for (const option of spec.options) {
      const row = document.createElement("li");
      const marks = [];
      if (option === spec.truth) marks.push("● truth");
      if (option === guess) marks.push("■ your guess");
      row.textContent = marks.length ? `${option}: ${marks.join(", ")}` : option;
      if (option === spec.truth) row.className = "ck-strong";
      list.append(row);
    }
    return list;
  }

  return { numberLine, curves, options };
})();
