'use strict';
// Shared by plots and heat maps: numbers as text, ticks, the frame of a figure, its buttons, and its export as SVG, PDF and CSV.
const Drawing = (() => {
  const superscript = n => String(n).replace(/[-0-9]/g, c => c === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[+c]);

  function text(x) {
    if (x === 'inf' || x === '-inf') return x.replace('inf', '∞');
    if (x === null || x === undefined || isNaN(x)) return '';
    const size = Math.abs(x);
    if (size !== 0 && (size < 1e-3 || size >= 1e5)) {
      const power = Math.floor(Math.log10(size) + 1e-12);
      return (x / Math.pow(10, power)).toFixed(1) + '·10' + superscript(power);
    }
    return size < 1 ? x.toFixed(4) : size < 100 ? x.toFixed(2) : Math.round(x).toLocaleString('en');
  }
  function axisText(x) {
    const power = Math.log10(Math.abs(x));
    if (x > 0 && Math.abs(power - Math.round(power)) < 1e-9 && Math.abs(power) > 3) return '10' + superscript(Math.round(power));
    return x !== 0 && (Math.abs(x) < 1e-3 || Math.abs(x) >= 1e5) ? text(x) : String(+x.toPrecision(6)).replace('-', '−');
  }

  // Over sixty decades a label for each would be too many, so only every n-th has one. Within a decade there may be too few round
  // numbers: then the ticks are those of a linear axis.
  function logTicks([low, high], pixels) {
    const first = Math.ceil(Math.log10(low) - 1e-9), last = Math.floor(Math.log10(high) + 1e-9);
    const ticks = [];
    if (last - first < 2) {
      for (let p = first - 1; p <= last; ++p)
        for (const m of last > first ? [1, 3] : [1, 2, 3, 5]) {
          const v = m * Math.pow(10, p);
          if (v >= low && v <= high) ticks.push(v);
        }
      return ticks.length > 2 ? ticks : null;
    }
    const room = Math.max(2, Math.floor(pixels / 36));
    const step = [1, 2, 5, 10, 20, 50, 100].find(s => (last - first) / s <= room) || 200;
    for (let p = Math.ceil(first / step) * step; p <= last; p += step) ticks.push(Math.pow(10, p));
    return ticks;
  }
  function linearTicks([low, high], count) {
    const rounding = 1e-9 * Math.abs(high - low);   // a sum of steps that should be zero would be labelled 1.8e-16
    return d3.scale.linear().domain([low, high]).ticks(count).map(t => Math.abs(t) < rounding ? 0 : t);
  }
  const ticks = (scale, log, pixels, each) => log && logTicks(scale.domain(), pixels) ||
    linearTicks(scale.domain(), Math.max(2, Math.floor(pixels / each))).filter(t => !log || t > 0);

  // The size of a figure: that of its place on the screen, or on paper, where columns are narrower and letters keep their size.
  let onPaper = false;
  function size(plot) {
    if (!onPaper) return [plot.clientWidth, plot.clientHeight || 320];
    const across = plot.closest('.n1') ? 700 : 340;
    return [across, across === 700 ? 300 : 250];
  }
  // Draws everything for paper before the browser prints, and for the screen after that.
  function printing(draw) {
    const set = on => () => { onPaper = on; draw(); };
    addEventListener('beforeprint', set(true));
    addEventListener('afterprint', set(false));
  }

  const svgIn = (element, width, height) => d3.select(element).html('').append('svg')
    .attr({viewBox: `0 0 ${width} ${height}`, role: 'img', width: '100%', height});

  // How wide the longest label would be.
  function widest(svg, labels) {
    const probe = svg.append('text').attr('class', 'tick');
    const most = d3.max(labels, l => probe.text(l).node().getComputedTextLength()) || 0;
    probe.remove();
    return most;
  }

  // In place of a figure: lines of words in its middle, as wide as it.
  function sentence(svg, width, height, words) {
    const label = svg.append('text').attr({class: 'label', 'text-anchor': 'middle'});
    const line = () => label.append('tspan').attr('x', width / 2);
    let last = line(), lines = 1;
    for (const word of words.split(' ')) {
      const before = last.text();
      last.text(before ? before + ' ' + word : word);
      if (!before || last.node().getComputedTextLength() < width - 40) continue;
      last.text(before);
      last = line().attr('dy', '1.3em').text(word);
      ++lines;
    }
    label.attr('y', height / 2 - 8 * (lines - 1));
  }

  // Axes with their labels around the rectangle [left, right] x [top, bottom].
  function axes(svg, box, x, y, spec) {
    const g = svg.append('g').attr('class', 'axes'), width = +svg.attr('viewBox').split(' ')[2];
    for (const t of y.ticks) {
      const at = Math.round(y(t)) + .5;
      if (spec.kind !== 'heat') g.append('line').attr({class: 'grid', x1: box.left, x2: box.right, y1: at, y2: at});
      g.append('text').attr({class: 'tick', x: box.left - 7, y: at + 4, 'text-anchor': 'end'}).text(axisText(t));
    }
    for (const t of x.ticks) {
      const at = Math.round(x(t)) + .5;
      g.append('line').attr({class: 'axis', x1: at, x2: at, y1: box.bottom, y2: box.bottom + 4});
      const label = g.append('text').attr({class: 'tick', y: box.bottom + 17, 'text-anchor': 'middle'}).text(axisText(t));
      label.attr('x', Math.min(at, width - label.node().getComputedTextLength() / 2));   // an exported figure ends there
    }
    g.append('path').attr('class', 'axis').attr('d', `M${box.left + .5},${box.top}V${box.bottom + .5}H${box.right}`);
    g.append('text').attr({class: 'label', x: (box.left + box.right) / 2, y: box.bottom + 36, 'text-anchor': 'middle'}).text(spec.x);
    g.append('text').attr({class: 'label', 'text-anchor': 'middle', transform: `translate(13 ${(box.top + box.bottom) / 2}) rotate(-90)`})
      .text(spec.y);
  }

  // A copy that stands alone: styles of the page as attributes, in the colours of a white page, with the legend above.
  const own = ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'stroke-linejoin', 'fill-opacity', 'stroke-opacity', 'opacity', 'font-size'];
  function standalone(figure) {
    const source = figure.querySelector('.plot svg');
    const copy = source.cloneNode(true), [, , width, height] = source.getAttribute('viewBox').split(' ').map(Number);
    document.documentElement.classList.add('paper');
    const nodes = source.querySelectorAll('*'), copies = copy.querySelectorAll('*');
    for (let k = 0; k < nodes.length; ++k) {
      const style = getComputedStyle(nodes[k]);
      for (const name of own)
        if (style.getPropertyValue(name) && style.getPropertyValue(name) !== 'none' || name === 'fill') copies[k].setAttribute(name, style.getPropertyValue(name));
      copies[k].removeAttribute('class');
      copies[k].removeAttribute('style');
    }
    const keys = [...figure.querySelectorAll('.legend button:not(.axis):not(.off)')].map(key => {
      const icon = key.querySelector('svg').cloneNode(true);
      [...icon.querySelectorAll('*')].forEach((e, k) => {
        const style = getComputedStyle(key.querySelectorAll('svg *')[k]);
        for (const name of own) if (style.getPropertyValue(name) !== 'none' || name === 'fill') e.setAttribute(name, style.getPropertyValue(name));
        e.removeAttribute('style');
      });
      return {name: key.querySelector('span').textContent, icon: icon.innerHTML};
    });
    document.documentElement.classList.remove('paper');
    copy.querySelectorAll('.hover').forEach(e => e.remove());
    let x = 60, y = 14;
    const legend = document.createElementNS('http://www.w3.org/2000/svg', 'g');
    for (const {name, icon} of keys) {
      const wide = 46 + 7 * name.length;
      if (x + wide > width && x > 60) { x = 60; y += 18; }
      const key = document.createElementNS('http://www.w3.org/2000/svg', 'g');
      key.setAttribute('transform', `translate(${x} ${y - 9})`);
      key.innerHTML = icon + '<text x="32" y="9" font-size="12"></text>';
      key.querySelector('text').textContent = name;
      legend.append(key);
      x += wide;
    }
    const room = keys.length ? y + 8 : 0;
    const body = document.createElementNS('http://www.w3.org/2000/svg', 'g');
    body.setAttribute('transform', `translate(0 ${room})`);
    body.append(...copy.childNodes);
    copy.append(legend, body);
    copy.setAttribute('viewBox', `0 0 ${width} ${height + room}`);
    copy.setAttribute('width', width);
    copy.setAttribute('height', height + room);
    copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
    copy.setAttribute('font-family', 'Helvetica, Arial, "DejaVu Sans", sans-serif');
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + new XMLSerializer().serializeToString(copy) + '\n';
  }

  function save(name, type, content) {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([content], {type}));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  // The browser prints the figure alone, on a page of its size; "Save as PDF" keeps it as vectors.
  function print(figure) {
    const sheet = document.createElement('div'), page = document.createElement('style');
    sheet.id = 'sheet';
    sheet.innerHTML = standalone(figure).replace(/^<\?xml.*\n/, '')
      .replace(/(id="|url\(#)clip/g, '$1sheet-clip');   // unlike those of the page, which are hidden meanwhile
    const svg = sheet.querySelector('svg'), [, , width, height] = svg.getAttribute('viewBox').split(' ').map(Number);
    page.textContent = `@page { size: ${width + 16}px ${height + 18}px; margin: 8px; }`;
    document.head.append(page);
    document.body.append(sheet);
    document.body.classList.add('alone');
    addEventListener('afterprint', () => {
      document.body.classList.remove('alone');
      sheet.remove();
      page.remove();
    }, {once: true});
    window.print();
  }

  const quoted = word => /[",\r\n]/.test(word) ? '"' + word.replace(/"/g, '""') + '"' : word;
  function csv(spec) {
    const line = cells => cells.map(c => c === null ? 'nan' : c).join(',') + '\n';
    if (spec.kind === 'heat')
      return 'x,y,value\n' + spec.values.map((v, k) => line([spec.xs[k % spec.xs.length], spec.ys[Math.floor(k / spec.xs.length)], v])).join('');
    if (spec.kind === 'parallel')
      return line(['name', ...spec.axes.map(a => a.name)].map(quoted)) + spec.rows.map(row =>
        line([quoted(row.name), ...row.values.map((v, k) => v !== null && spec.axes[k].words.length ? quoted(spec.axes[k].words[v]) : v)])).join('');
    return 'series,x,y,low,high\n' + spec.series.map((s, k) => spec.rows.filter(row => row[k + 1][1] !== null || row[k + 1][3])
      .map(row => line([quoted(s.name), row[0], row[k + 1][1] === null ? row[k + 1][3] : row[k + 1][1],
        ...(s.band ? [row[k + 1][0], row[k + 1][2]] : ['', ''])])).join('')).join('');
  }

  function buttons(figure, spec) {
    const bar = document.createElement('span');
    bar.className = 'axes';
    const add = (label, title, click) => {
      const key = document.createElement('button');
      key.className = 'axis';
      key.textContent = label;
      key.title = title;
      key.onclick = click;
      bar.append(key);
    };
    const more = () => {
      add('SVG', 'save this figure as SVG', () => save(spec.id + '.svg', 'image/svg+xml', standalone(figure)));
      add('PDF', 'print this figure alone; choose “Save as PDF”', () => print(figure));
      add('CSV', 'save its numbers', () => save(spec.id + '.csv', 'text/csv', csv(spec)));
    };
    return {bar, add, more};
  }

  return {text, axisText, ticks, linearTicks, size, printing, svgIn, widest, sentence, axes, standalone, csv, buttons};
})();
