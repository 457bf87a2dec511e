// What is wrong with the charts in the frames of this page: text that covers text or data, that is cut off, or
// smaller than 11 pixels; and which of `files`, as they were written, are no XML.
"use strict";

const wrong = [];
let charts = 0;
let ground = "";

const overlap = (a, b, by) =>
  Math.min(a.right, b.right) - Math.max(a.left, b.left) > by &&
  Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > by;

function look(svg, where) {
  charts += 1;
  const name = `${where}: ${svg.querySelector("title").textContent}`;
  const box = svg.getBoundingClientRect();
  const scale = box.width / svg.viewBox.baseVal.width;
  const texts = [...svg.querySelectorAll("text")].map((element) => {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    // The height of a line of text is more than that of its letters.
    const inset = (bottom - top) * 0.18;
    return { element, left, right, top: top + inset, bottom: bottom - inset, words: element.textContent };
  });
  const data = [...svg.querySelectorAll(".marker, .bar, .dots")].map((element) => ({
    ...element.getBoundingClientRect().toJSON(),
    words: `a ${element.getAttribute("class")}`,
  }));
  texts.forEach((text, at) => {
    for (const other of [...texts.slice(at + 1), ...data]) {
      if (overlap(text, other, 0.5)) wrong.push(`${name}: "${text.words}" covers "${other.words}"`);
    }
    if (text.left < box.left || text.right > box.right || text.top < box.top || text.bottom > box.bottom) {
      wrong.push(`${name}: "${text.words}" is cut off`);
    }
    const pixels = parseFloat(getComputedStyle(text.element).fontSize) * scale;
    if (pixels < 11) wrong.push(`${name}: "${text.words}" is ${pixels.toFixed(1)} pixels high`);
  });
  ground = getComputedStyle(svg.querySelector(".ground")).fill;
}

function read(file) {
  const xml = new DOMParser().parseFromString(file, "image/svg+xml");
  if (xml.querySelector("parsererror")) wrong.push(`no XML: ${file.slice(0, 400)}`);
}

addEventListener("load", () => {
  for (const where of ["phone", "desk"]) {
    for (const svg of frames[where].document.querySelectorAll("svg")) look(svg, where);
  }
  files.forEach(read);
  const seen = `looked at ${charts} charts on ${ground} and ${files.length} files`;
  document.getElementById("found").textContent = [seen, ...wrong].join("\n") + "\n";
});
