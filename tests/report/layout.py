"""What is wrong with the layout of an open page, by the boxes that the browser gives its texts, as scripts."""

OVERFLOW = """() => [...document.querySelectorAll('body *')].filter(one => {
  const box = one.getBoundingClientRect();
  const scrolls = one.closest('.rows, .unseen, .skip, #vg-tooltip-element, svg *') !== null;
  return !scrolls && box.width > 0 && (box.right > innerWidth + 1 || box.left < -1);
}).map(one => one.outerHTML.slice(0, 120))"""
"""Elements that reach out of the window sideways, but for tables in their own scroll boxes, and parts of plots."""

SIDEWAYS = "() => document.documentElement.scrollWidth - innerWidth"
"""How far the page scrolls sideways, pixels."""

_TEXTS = """const texts = svg => [...svg.querySelectorAll('text')]
  .filter(one => one.textContent.trim() && getComputedStyle(one).opacity !== '0' && one.getBoundingClientRect().width)
  .map(one => ({words: one.textContent, box: one.getBoundingClientRect()}));
const plots = [...document.querySelectorAll('.plot svg')];"""

OVERLAPS = f"""() => {{ {_TEXTS}
  const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3;
  return plots.flatMap(svg => {{
    const all = texts(svg);
    return all.flatMap((one, place) => all.slice(place + 1)
      .filter(other => meet(one.box, other.box)).map(other => `${{one.words}} | ${{other.words}}`));
  }});
}}"""
"""Labels of a plot that lie on each other; a line's box is higher than its letters, by up to 3 pixels."""

CLIPPED = f"""() => {{ {_TEXTS}
  return plots.flatMap(svg => {{
    const place = svg.closest('.plot').getBoundingClientRect();
    return texts(svg).filter(({{box}}) => box.left < place.left - 2 || box.right > place.right + 2
      || box.top < place.top - 2 || box.bottom > place.bottom + 2).map(one => one.words);
  }});
}}"""
"""Labels that reach out of the place of their plot."""

COVERED = """() => [...document.querySelectorAll('.plot svg')].filter(svg => {
  const legend = svg.querySelector('.role-legend'), data = svg.querySelector('.background');
  return legend && data && legend.getBoundingClientRect().bottom > data.getBoundingClientRect().top + 1;
}).map(svg => svg.closest('.plot').id)"""
"""Plots whose legend covers data."""

CUT = """() => [...document.querySelectorAll('dt, dd strong, dd span, h1, h2, h3, p, li, summary')]
  .filter(one => !one.closest('.unseen, .skip') && one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0)
  .map(one => one.textContent.slice(0, 80))"""
"""Texts wider than their boxes."""

DRAWN = """() => [...document.querySelectorAll('.plot')].map(place => [place.id,
  place.querySelectorAll('.mark-rect.role-mark path, .mark-symbol.role-mark path, .mark-line.role-mark path,'
    + '.mark-rule.role-mark line, .mark-area.role-mark path').length])"""
"""How many marks each plot has."""

CONTRASTS = """() => {
  const channels = colour => colour.match(/[0-9.]+/g).map(Number);
  const linear = part => part <= 10 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4;
  const light = colour => channels(colour).slice(0, 3).map(linear)
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
  const paper = light(getComputedStyle(document.body).backgroundColor);
  return [...document.querySelectorAll('.plot svg text')].map(one => light(getComputedStyle(one).fill))
    .map(ink => (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05));
}"""
"""The contrast of each label of a plot with the page, as WCAG 2 reckons it."""

NAMES = """() => [...document.querySelectorAll('.plot')].map(one => ['labelledby', 'describedby']
  .map(name => document.getElementById(one.getAttribute(`aria-${name}`)).textContent).join(' '))"""
"""What each plot is called, and how it is read."""
