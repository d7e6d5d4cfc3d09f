// The plotly figure of the usage page, made of the same rows as the table beside it. Colours are
// the page's own, so that both modes and forced colours hold.
export function usageFigure(bars, top, unit) {
  const style = typeof window === "undefined" ? null : getComputedStyle(document.documentElement);
  const colour = (name, other) => (style && style.getPropertyValue(name).trim()) || other;
  const use = colour("--use", "#0072b2");
  const over = colour("--over", "#d55e00");
  const ink = colour("--ink", "#1a1c1e");
  const line = colour("--line", "#dcdad4");
  const edge = colour("--edge", "#7b7f83");
  const paper = colour("--paper", "#fcfcfa");
  const hollow = (bar) => bar.kind === "missing" || bar.kind === "pending";
  const hatched = (bar) => bar.kind === "estimated" || bar.kind === "partial";
  const words = (bar) => bar.label + "<br>" + bar.value + (hollow(bar) ? "" : " " + unit)
    + (bar.note ? "<br>" + bar.note : "");
  return {
    data: [{
      type: "bar",
      x: bars.map((_, place) => place),
      y: bars.map((bar) => (hollow(bar) ? null : bar.amount / 1000)),
      hovertext: bars.map(words),
      hoverinfo: "text",
      marker: {
        color: bars.map((bar) => (bar.over ? over : use)),
        line: { width: 0 },
        pattern: {
          shape: bars.map((bar) => (hatched(bar) ? "/" : "")),
          fgcolor: paper, fillmode: "overlay", size: 6, solidity: 0.35,
        },
      },
    }],
    layout: {
      autosize: true,
      height: 280,
      margin: { l: 64, r: 8, t: 28, b: 36 },
      bargap: bars.length > 60 ? 0.1 : 0.25,
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      separators: ".,",
      showlegend: false,
      dragmode: false,
      font: { family: '"Public Sans", system-ui, sans-serif', size: 14, color: ink },
      hoverlabel: { bgcolor: paper, bordercolor: edge, font: { color: ink } },
      xaxis: {
        tickmode: "array",
        tickvals: bars.map((bar, place) => (bar.tick ? place : -1)).filter((place) => place >= 0),
        ticktext: bars.filter((bar) => bar.tick).map((bar) => bar.tick),
        range: [-0.6, Math.max(bars.length, 1) - 0.4],
        fixedrange: true, showgrid: false, zeroline: false, tickangle: 0, linecolor: edge,
        tickfont: { size: 12 },
      },
      yaxis: {
        range: [0, top / 1000], nticks: 5, fixedrange: true, gridcolor: line, zeroline: true,
        zerolinecolor: edge, tickformat: ",", title: { text: "" },
      },
      annotations: [{
        text: unit, x: 0, y: 1, xref: "paper", yref: "paper", xanchor: "right", yanchor: "bottom",
        xshift: -6, yshift: 10, showarrow: false, font: { size: 12 },
      }],
      shapes: bars.flatMap((bar, place) => (hollow(bar) ? [{
        type: "rect", x0: place - 0.36, x1: place + 0.36, y0: 0, y1: (top / 1000) * 0.12,
        line: { color: edge, width: 1, dash: "dot" }, fillcolor: "rgba(0,0,0,0)",
      }] : [])),
    },
  };
}
