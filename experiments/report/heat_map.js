'use strict';
// A heat map: its cells as one path per shade, so that thousands of them remain quick and are vectors in print.
class HeatMap {
  constructor(figure, spec) {
    this.figure = figure;
    this.spec = spec;
    this.plot = figure.querySelector('.plot');
    this.legend = figure.querySelector('.legend');
    this.plot.classList.add('heat');
    const buttons = Drawing.buttons(figure, spec);
    this.value = document.createElement('b');
    buttons.more();
    this.legend.append(this.value, buttons.bar);
  }
  // Where cells begin and end: half-way between neighbours.
  static edges(centres) {
    const n = centres.length;
    if (n === 1) return [centres[0] - .5, centres[0] + .5];
    const inner = d3.pairs(centres).map(([a, b]) => (a + b) / 2);
    return [2 * centres[0] - inner[0], ...inner, 2 * centres[n - 1] - inner[n - 2]];
  }
  draw() {
    const {spec, plot} = this, [across, height] = Drawing.size(plot), width = Math.max(260, across);
    const svg = Drawing.svgIn(plot, width, height), shades = 128;
    if (spec.nothing) return Drawing.sentence(svg, width, height, spec.nothing);
    const xs = HeatMap.edges(spec.xs), ys = HeatMap.edges(spec.ys);
    const x = d3.scale.linear().domain(d3.extent(xs)), y = d3.scale.linear().domain(d3.extent(ys));
    const scale = d3.scale.linear().domain([spec.low, spec.high === spec.low ? spec.low + 1 : spec.high]).range([height - 48, 10]);
    y.ticks = Drawing.ticks(d3.scale.linear().domain(y.domain()), false, height - 58, 40);
    scale.ticks = Drawing.linearTicks(scale.domain(), 5);
    const left = Drawing.widest(svg, y.ticks.map(Drawing.axisText)) + 34;
    const right = width - Drawing.widest(svg, scale.ticks.map(Drawing.axisText)) - 62;
    const box = {left, right, top: 10, bottom: height - 48};
    x.range([left, right]);
    y.range([box.bottom, box.top]);
    x.ticks = Drawing.ticks(d3.scale.linear().domain(x.domain()), false, right - left, 60);
    for (const [axis, centres] of [[x, spec.xs], [y, spec.ys]])   // a cell at the edge reaches beyond its value
      axis.ticks = axis.ticks.filter(t => t >= centres[0] && t <= centres[centres.length - 1]);
    const colour = d3.scale.linear().domain(d3.range(spec.scale.length).map(k => k / (spec.scale.length - 1))).range(spec.scale).clamp(true);
    const paths = new Map();
    spec.values.forEach((v, k) => {
      if (typeof v !== 'number') return;   // not known, or infinite
      const c = k % spec.xs.length, r = Math.floor(k / spec.xs.length);
      const shade = Math.round((shades - 1) * Math.min(1, Math.max(0, (v - scale.domain()[0]) / (scale.domain()[1] - scale.domain()[0]))));
      const a = x(xs[c]).toFixed(1), b = y(ys[r]).toFixed(1);
      paths.set(shade, (paths.get(shade) || '') + `M${a},${b}H${x(xs[c + 1]).toFixed(1)}V${y(ys[r + 1]).toFixed(1)}H${a}z`);
    });
    const cells = svg.append('g').attr('shape-rendering', 'crispEdges');
    for (const [shade, d] of paths) {   // with a stroke: printers leave seams between cells that only touch
      const fill = colour(shade / (shades - 1));
      cells.append('path').attr({d, fill, stroke: fill, 'stroke-width': .4});
    }
    Drawing.axes(svg, box, x, y, spec);
    const bar = svg.append('g').attr('shape-rendering', 'crispEdges'), step = (box.bottom - box.top) / 64;
    for (let k = 0; k < 64; ++k)
      bar.append('rect').attr({x: right + 14, width: 13, y: box.bottom - (k + 1) * step, height: step + .6, fill: colour((k + .5) / 64)});
    for (const t of scale.ticks)
      svg.append('text').attr({class: 'tick', x: right + 32, y: scale(t) + 4}).text(Drawing.axisText(t));
    svg.append('text').attr({class: 'label', 'text-anchor': 'middle', transform: `translate(${width - 6} ${(box.top + box.bottom) / 2}) rotate(-90)`})
      .text(spec.value);
    const {value} = this, find = (edges, at) => Math.min(edges.length - 2, Math.max(0, d3.bisectRight(edges, at) - 1));
    svg.append('rect').attr({x: left, y: box.top, width: right - left, height: box.bottom - box.top, class: 'catch'})
      .on('mousemove', function () {
        const at = d3.mouse(this), c = find(xs, x.invert(at[0])), r = find(ys, y.invert(at[1]));
        value.textContent = `${spec.x} ${Drawing.axisText(spec.xs[c])}, ${spec.y} ${Drawing.axisText(spec.ys[r])}: ${Drawing.text(spec.values[r * spec.xs.length + c]) || 'none'}`;
      })
      .on('mouseleave', () => value.textContent = '');
  }
}
