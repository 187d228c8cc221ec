'use strict';
// Draws every figure of the report with dygraphs: a legend that shows the values under the pointer and hides lines on
// click, buttons for logarithmic axes, drag to zoom, double-click to reset. Colours follow the light or dark theme.
(function () {
  const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const colourOf = s => colour(s.mark ? '--mark' : '--c' + s.colour);
  const superscript = n => String(n).replace(/[-0-9]/g, c => c === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[+c]);

  function text(x) {
    if (x === null || x === undefined || isNaN(x)) return '';
    const size = Math.abs(x);
    if (size !== 0 && (size < 1e-3 || size >= 1e5)) {
      const power = Math.floor(Math.log10(size));
      return (x / Math.pow(10, power)).toFixed(1) + '·10' + superscript(power);
    }
    return size < 1 ? x.toFixed(4) : size < 100 ? x.toFixed(2) : Math.round(x).toLocaleString('en');
  }
  function axisText(x) {
    const power = Math.log10(Math.abs(x));
    if (x !== 0 && Math.abs(power - Math.round(power)) < 1e-9 && Math.abs(power) > 3) return '10' + superscript(Math.round(power));
    return x !== 0 && (Math.abs(x) < 1e-3 || Math.abs(x) >= 1e5) ? text(x) : String(+x.toPrecision(6));
  }

  // dygraphs labels every decade; over sixty decades that is too many, so only every n-th has a tick. Within a decade there may be
  // too few round numbers: null, and the ticks are those of a linear axis.
  function logTicks(low, high, pixels) {
    const first = Math.ceil(Math.log10(low) - 1e-9), last = Math.floor(Math.log10(high) + 1e-9);
    const room = Math.max(2, Math.floor(pixels / 36));
    if (last - first < 2) {
      const ticks = [];
      for (let p = first - 1; p <= last; ++p)
        for (const m of last > first ? [1, 3] : [1, 2, 3, 5]) {
          const v = m * Math.pow(10, p);
          if (v >= low && v <= high) ticks.push({v, label: axisText(v)});
        }
      return ticks.length > 2 ? ticks : null;
    }
    const steps = [1, 2, 5, 10, 20, 50, 100];
    const step = steps.find(s => (last - first) / s <= room) || 200;
    const ticks = [];
    for (let p = Math.ceil(first / step) * step; p <= last; p += step) ticks.push({v: Math.pow(10, p), label: axisText(Math.pow(10, p))});
    return ticks;
  }
  const ticker = log => (a, b, pixels, opts, graph, vals) =>
    log && a > 0 && logTicks(a, b, pixels) || Dygraph.numericLinearTicks(a, b, pixels, opts, graph, vals);

  function line(s) {
    if (s.dots) return `<svg width="20" height="10"><circle cx="10" cy="5" r="4.5" fill="${colourOf(s)}"/></svg>`;
    const dash = s.dashed ? ' stroke-dasharray="4 3"' : '';
    const bead = s.beads ? `<circle cx="10" cy="4" r="3" fill="${colourOf(s)}"/>` : '';
    return `<svg width="20" height="8">${bead}<line x1="0" x2="20" y1="4" y2="4" stroke="${colourOf(s)}" stroke-width="${s.mark ? 1 : 2.2}"${dash}/></svg>`;
  }

  // The range of the lines, and of the bands as far as they do not compress the lines: one row that spreads over a hundred
  // decades must not hide the others.
  function range(spec, log) {
    const of = entries => entries.filter(v => v !== null && (!log || v > 0))
      .reduce(([low, high], v) => [Math.min(low, v), Math.max(high, v)], [Infinity, -Infinity]);
    const line = of(spec.rows.flatMap(row => row.slice(1).map(e => e[1])));
    const band = of(spec.rows.flatMap(row => row.slice(1).flat()));
    if (!isFinite(line[0])) return line;
    if (!log && spec.series.filter(s => !s.mark).length === 1) return band;   // there are no other lines to hide
    const room = log ? Math.pow(line[1] / line[0], .15) : .15 * (line[1] - line[0]);
    return log ? [Math.max(band[0], line[0] / room), Math.min(band[1], line[1] * room)]
      : [Math.max(band[0], line[0] - room), Math.min(band[1], line[1] + room)];
  }
  function widened([low, high], log) {
    if (!isFinite(low)) return null;
    if (!log) { const pad = (high - low || 1) * .05; return [low >= 0 ? Math.max(0, low - pad) : low - pad, high + pad]; }
    const pad = Math.pow(high / low, .04) * 1.02;
    return [low / pad, high * pad];
  }

  class Figure {
    constructor(figure) {
      this.spec = JSON.parse(figure.querySelector('script').textContent);
      this.plot = figure.querySelector('.plot');
      this.legend = figure.querySelector('.legend');
      this.visible = this.spec.series.map(() => true);
      this.logX = this.spec.logX;
      this.logY = this.spec.logY;
    }
    draw(room = 52) {
      if (this.graph) this.graph.destroy();
      const {spec} = this, log = this.logY;
      const per = {};
      spec.series.forEach(s => per[s.name] = {
        color: colourOf(s), strokeWidth: s.mark ? 1 : 2, strokePattern: s.mark ? [3, 3] : s.dashed ? [7, 4] : null,
        fillAlpha: s.mark ? 0 : s.dashed ? .07 : .14, ...(s.dots && {strokeWidth: 0, drawPoints: true, pointSize: 5.5}),
        ...(s.beads && {drawPoints: true, pointSize: 3}),
      });
      this.graph = new Dygraph(this.plot, spec.rows, {
        labels: [spec.x, ...spec.series.map(s => s.name)], customBars: true, series: per, visibility: this.visible,
        connectSeparatedPoints: true, logscale: log, xlabel: spec.x, ylabel: spec.y, legend: 'never',
        valueRange: widened(log === spec.logY && this.shared || range(spec, log), log),
        xLabelHeight: 20, yLabelWidth: 20, gridLineColor: colour('--line'), axisLineColor: colour('--mark'),
        gridLineWidth: 1, highlightCircleSize: 3, animatedZooms: false,
        axes: {
          x: {logscale: this.logX, ticker: ticker(this.logX), axisLabelFormatter: axisText, axisLabelWidth: 52, drawGrid: false},
          y: {ticker: ticker(log), axisLabelFormatter: axisText, axisLabelWidth: room},
        },
        highlightCallback: (event, x, points) => this.values(x, points),
        unhighlightCallback: () => this.values(null, []),
      });
      const needed = this.widestNumber() + 22;
      if (needed > room) return this.draw(needed);
      this.keys();
    }
    // Beside the y axis, whose label would otherwise overlap it.
    widestNumber() {
      const range = document.createRange();
      return Math.max(0, ...[...this.plot.querySelectorAll('.dygraph-axis-label-y')].map(label => {
        range.selectNodeContents(label);
        return Math.ceil(range.getBoundingClientRect().width);
      }));
    }
    keys() {
      this.legend.innerHTML = '';
      this.fields = this.spec.series.map((s, k) => {
        const key = document.createElement('button');
        key.innerHTML = line(s) + '<span></span><b></b>';
        key.querySelector('span').textContent = s.name;
        key.title = 'hide or show';
        key.className = this.visible[k] ? '' : 'off';
        key.onclick = () => { this.visible[k] = !this.visible[k]; this.draw(); };
        this.legend.append(key);
        return key.querySelector('b');
      });
      const axes = document.createElement('span');
      axes.className = 'axes';
      for (const [name, is] of [['x', 'logX'], ['y', 'logY']]) {
        const key = document.createElement('button');
        key.className = 'axis';
        key.textContent = `${name}: ${this[is] ? 'log' : 'linear'}`;
        key.onclick = () => { this[is] = !this[is]; this.draw(); };
        axes.append(key);
      }
      this.legend.append(axes);
    }
    values(x, points) {
      this.fields.forEach(f => f.textContent = '');
      for (const p of points) {
        const k = this.spec.series.findIndex(s => s.name === p.name);
        if (k >= 0 && !this.spec.series[k].mark) this.fields[k].textContent = text(p.yval);
      }
    }
  }

  const figures = [];
  for (const row of document.querySelectorAll('.plots')) {
    const own = [...row.querySelectorAll('figure')].map(f => new Figure(f));
    const same = own.length > 1 && own.every(f => f.spec.y === own[0].spec.y && f.spec.logY === own[0].spec.logY);
    if (same) {
      const ranges = own.map(f => range(f.spec, f.logY));
      const shared = [Math.min(...ranges.map(r => r[0])), Math.max(...ranges.map(r => r[1]))];
      own.forEach(f => f.shared = shared);
    }
    figures.push(...own);
  }
  const drawAll = () => figures.forEach(f => f.draw());
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
  drawAll();
})();
