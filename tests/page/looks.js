// What a page looks like to somebody who cannot see it well; an expression whose value is a list of complaints.
(() => {
  const complaints = [];
  const parse = (colour) => colour.match(/[\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((each) => {
      const part = each / 255;
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const background = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if ((colour[3] ?? 1) === 1) return colour;
    }
    return [255, 255, 255];
  };
  const name = (element) => `${element.tagName.toLowerCase()}#${element.id} '${element.textContent.trim().slice(0, 30)}'`;

  // WCAG 2.2, 1.4.3: text against what is behind it.
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (texts.currentNode.textContent.trim() === "" || !element.checkVisibility()) continue;
    const [light, dark] = [parse(getComputedStyle(element).color), background(element)].map(luminance).sort((a, b) => b - a);
    const contrast = (light + 0.05) / (dark + 0.05);
    if (contrast < 4.5) complaints.push(`contrast ${contrast.toFixed(2)}: ${name(element)}`);
  }
  // 4.1.2: everything that can be used has a name.
  for (const element of document.querySelectorAll("input, select, textarea")) {
    if (element.labels.length === 0) complaints.push(`no label: ${name(element)}`);
  }
  for (const element of document.querySelectorAll("button")) {
    if (element.textContent.trim() === "") complaints.push(`no name: ${name(element)}`);
  }
  for (const element of document.querySelectorAll("[aria-labelledby], [aria-describedby]")) {
    const ids = [element.getAttribute("aria-labelledby"), element.getAttribute("aria-describedby")].join(" ").trim();
    for (const id of ids.split(/\s+/)) {
      if (id !== "" && document.getElementById(id) === null) complaints.push(`no #${id} for ${name(element)}`);
    }
  }
  return complaints;
})()
