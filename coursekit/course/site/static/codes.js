// Codes of explorers' states, as coursekit/course/widgets/share_code.py makes and reads them.
// facts: an explorer's key, counts, length and begin (share_code.recipe).
(function () {
  "use strict";

  const LETTERS = "abcdefghjkmnpqrstuvwxyz";
  const BASE = LETTERS.length;
  const GROUP = 5; // letters between two hyphens
  const BREAK = "0"; // begins a typed text in a code
  const MISTYPED = "The code does not add up: a letter is wrong or two are swapped.";

  function checkLetter(facts, letters) {
    let total = facts.begin;
    [...letters].forEach((letter, i) => {
      total += (((i + 1) % (BASE - 2)) + 1) * LETTERS.indexOf(letter);
    });
    return LETTERS[total % BASE];
  }

  function grouped(key, letters, check) {
    return [key, ...letters.match(new RegExp(`.{1,${GROUP}}`, "g")), check].join("-");
  }

  function encode(facts, numbers) {
    let packed = 0n;
    numbers.forEach((number, i) => {
      packed = packed * BigInt(facts.counts[i]) + BigInt(number);
    });
    let letters = "";
    for (let i = 0; i < facts.length; i += 1) {
      letters = LETTERS[Number(packed % BigInt(BASE))] + letters;
      packed /= BigInt(BASE);
    }
    return grouped(facts.key, letters, checkLetter(facts, letters));
  }

  function decode(facts, letters) {
    let packed = 0n;
    for (const letter of letters) packed = packed * BigInt(BASE) + BigInt(LETTERS.indexOf(letter));
    const numbers = [];
    for (const count of [...facts.counts].reverse()) {
      numbers.unshift(Number(packed % BigInt(count)));
      packed /= BigInt(count);
    }
    return packed === 0n ? numbers : null;
  }

  // What a pasted text stands for: {code, numbers} or {wrong: a sentence}. numbers is null for the
  // code of a handout or of a typed text, which is longer.
  function read(facts, text) {
    const address = /[?&]code=([^&\s#]*)/i.exec(text);
    const plain = (address ? address[1] : text).normalize("NFKC").toLowerCase()
      .replace(/^\W*code\s*[:=]/, "")
      .replace(/[\s\p{Pd}\p{Cf}\u2212\u2043\u02d7]/gu, "")
      .replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, "");
    if (!plain) return { wrong: "The code is empty; paste one, for example the code shown before." };
    if (!plain.startsWith(facts.key)) {
      const begin = /^\w+(?=-)/.exec((address ? address[1] : text).trim());
      const whose = begin ? `A code that begins with “${begin[0]}” is not` : `“${plain}” is not`;
      return { wrong: `${whose} one of this explorer's, which begin with “${facts.key}”.` };
    }
    const all = plain.slice(facts.key.length);
    const foreign = [...new Set(all)].filter((sign) => !(LETTERS + BREAK).includes(sign));
    if (foreign.length) return { wrong: `The code contains “${foreign.join("")}”, which no code uses.` };
    const [first, ...typed] = all.split(BREAK);
    const letters = first.slice(0, -1);
    if (letters.length < facts.length || checkLetter(facts, letters) !== first.slice(-1)) {
      return { wrong: MISTYPED };
    }
    const sections = typed.map((part) => `-${BREAK}${part}`).join("");
    const code = grouped(facts.key, letters, first.slice(-1)) + sections;
    if (letters.length > facts.length || typed.length) return { code, numbers: null };
    const numbers = decode(facts, letters);
    return numbers ? { code, numbers } : { wrong: MISTYPED };
  }

  window.courseCodes = { encode, read };
})();
