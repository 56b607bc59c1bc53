// Draws every plot into its place, in the page's own colours, as SVG. Expressions are interpreted, not compiled: the
// page's policy lets no text become a script.
"use strict";
(() => {
  const text = { font: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif" };
  const config = {
    aria: false,
    background: "transparent",
    font: text.font,
    view: { stroke: null },
    axis: {
      labelColor: "var(--quiet)", titleColor: "var(--quiet)", domainColor: "var(--line)", tickColor: "var(--line)",
      gridColor: "var(--line)", gridOpacity: 0.6, labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal",
      labelLimit: 150, labelPadding: 6, titlePadding: 10, labelOverlap: true,
    },
    axisX: { grid: false, labelFlush: false, labelSeparation: 8 },
    axisY: { domain: false, ticks: false },
    legend: {
      orient: "top", title: null, labelColor: "var(--ink)", titleColor: "var(--quiet)", labelFontSize: 12,
      titleFontSize: 12, titleFontWeight: "normal", columnPadding: 16,
      rowPadding: 4, offset: 12,
    },
    mark: { color: "var(--gain)" },
  };
  const plots = JSON.parse(document.getElementById("plots").textContent);
  const drawn = Object.entries(plots).map(([name, spec]) => {
    const place = document.getElementById(`plot-${name}`).appendChild(document.createElement("div"));
    place.ariaHidden = "true"; // The place of the plot has the name and the reading, and the table below it the numbers.
    const columns = place.clientWidth < 560 ? 2 : 6; // Legends wrap on a phone.
    return vegaEmbed(
      place,
      { $schema: "https://vega.github.io/schema/vega-lite/v6.json", width: "container", ...spec },
      {
        actions: false, ast: true, defaultStyle: false, mode: "vega-lite", renderer: "svg",
        config: { ...config, legend: { ...config.legend, columns, labelLimit: place.clientWidth / columns - 50 } },
        tooltip: { disableDefaultStyle: true },
      },
    );
  });
  Promise.all(drawn).then(() => document.documentElement.setAttribute("data-drawn", String(drawn.length)));
})();
