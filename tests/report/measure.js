// Measures a page in frames of several widths, and leaves what it found as JSON in the wrapper. The page itself
// holds no script.

// Relative luminance and contrast, as WCAG 2 defines them.
const channel = c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
const light = colour => {
  const [r, g, b] = colour.match(/[\d.]+/g).slice(0, 3).map(c => channel(Number(c) / 255));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a, b) => {
  const [more, less] = [light(a), light(b)].sort((p, q) => q - p);
  return (more + 0.05) / (less + 0.05);
};

// The first colour behind an element that is not transparent.
function behind(view, element) {
  for (let at = element; at; at = at.parentElement) {
    const colour = view.getComputedStyle(at).backgroundColor;
    if (!/, 0\)$/.test(colour)) return colour;
  }
  return "rgb(255, 255, 255)";
}

function measure(frame) {
  const view = frame.contentWindow, page = frame.contentDocument;
  const all = selector => [...page.querySelectorAll(selector)];
  const style = element => view.getComputedStyle(element);
  const named = element => {
    const by = (element.getAttribute("aria-labelledby") || "").split(/\s+/).filter(Boolean);
    return by.length ? by.every(id => page.getElementById(id)) : element.getAttribute("aria-label");
  };
  const drawings = all("svg");
  const ids = all("[id]").map(element => element.id);
  const levels = all("h1, h2, h3, h4").map(element => Number(element.tagName[1]));
  const letters = drawings.flatMap(svg => {
    const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
    return [...svg.querySelectorAll("text")].map(text => parseFloat(style(text).fontSize) * scale);
  });
  return {
    width: Number(frame.width),
    scroll: page.documentElement.scrollWidth,
    outside: all("body *")
      .filter(element => !element.closest(".scroll") && !element.closest("svg"))
      .filter(element => element.getBoundingClientRect().right > Number(frame.width) + 1)
      .map(element => `${element.tagName} ${element.className}`),
    drawings: drawings.length,
    repeated: ids.filter((id, at) => ids.indexOf(id) !== at),
    unnamed: [
      ...drawings.filter(svg => svg.getAttribute("role") !== "img" || !named(svg) || !svg.querySelector("desc")),
      ...all("img:not([alt]), img[alt='']"),
      ...all("section, nav, [role=region]").filter(element => !named(element)),
    ].map(element => element.outerHTML.slice(0, 200)),
    skipped: levels.filter((level, at) => at > 0 && level > levels[at - 1] + 1),
    first: levels[0],
    landmarks: ["header", "nav", "main", "footer"].map(name => all(`body > ${name}`).length),
    text: light(style(page.body).color),
    paper: light(behind(view, page.body)),
    low: all("p, li, td, th, dt, dd, figcaption, caption, pre, a, h1, h2, h3, h4")
      .filter(element => contrast(style(element).color, behind(view, element)) < 4.5)
      .map(element => `${element.tagName} ${element.textContent.slice(0, 20)}`),
    ink: drawings.flatMap(svg => [...svg.querySelectorAll("text")].map(text => light(style(text).fill))),
    smallest: letters.length ? Math.min(...letters) : 0,
    loaded: view.performance.getEntriesByType("resource").map(entry => entry.name),
    scripts: page.scripts.length,
    wide: all(".scroll").filter(element => element.scrollWidth > element.clientWidth).length,
  };
}

addEventListener("load", () => {
  const found = JSON.stringify([...document.querySelectorAll("iframe")].map(measure));
  document.body.innerHTML = "<pre id=found></pre>";
  document.getElementById("found").textContent = found;
});
