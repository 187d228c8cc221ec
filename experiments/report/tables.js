'use strict';
// A table that is wider than a narrow screen becomes a block for each row, in which each entry has the head of its column beside it.
(function () {
  const boxes = [...document.querySelectorAll('.scroll')];
  for (const box of boxes) {
    const heads = [...box.querySelectorAll('thead th')].map(h => h.textContent);
    for (const row of box.querySelectorAll('tbody tr, tfoot tr'))
      [...row.children].forEach((entry, k) => {
        entry.dataset.head = heads[k] || '';
        if (!entry.textContent.trim() && !entry.children.length) entry.classList.add('nothing');
      });
  }
  function fit() {
    for (const box of boxes) {
      box.classList.remove('stacked');
      if (innerWidth <= 700 && box.scrollWidth > box.clientWidth + 1) box.classList.add('stacked');
    }
  }
  let width = innerWidth;
  addEventListener('resize', () => {
    if (innerWidth !== width) fit();
    width = innerWidth;
  });
  document.addEventListener('toggle', fit, true);   // a table in closed details has no width
  fit();
})();
