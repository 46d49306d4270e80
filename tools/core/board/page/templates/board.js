(function () {
  'use strict';
  var $ = function (id) { return document.getElementById(id); };
  var root = document.documentElement, live = document.body.hasAttribute('data-live');
  var kept = {
    get: function (key) { try { return localStorage.getItem('board-' + key); } catch (e) { return null; } },
    set: function (key, value) { try { localStorage.setItem('board-' + key, value); } catch (e) { /* not kept */ } }
  };
  var say = function (text) { $('status').textContent = text; };
  if (!$('tools')) return;
  $('tools').hidden = false;

  function span(seconds) {
    var s = Math.max(0, Math.floor(seconds)), two = function (big, bigName, small, smallName) {
      return big + bigName + (small ? ' ' + small + smallName : '');
    };
    if (s < 60) return s + 's';
    if (s < 3600) return Math.floor(s / 60) + 'm';
    if (s < 86400) return two(Math.floor(s / 3600), 'h', Math.floor(s / 60) % 60, 'm');
    return two(Math.floor(s / 86400), 'd', Math.floor(s / 3600) % 24, 'h');
  }
  window.boardSpan = span;

  function photo() {
    var age = (Date.now() - new Date($('made').dateTime)) / 1000, line = $('photo');
    if (!line || live) return;
    line.hidden = age < 120;
    line.textContent = 'This page is a photograph, taken ' + span(age) + ' ago.';
  }
  photo();
  setInterval(photo, 15000);

  function theme(to) { if (to) root.setAttribute('data-theme', to); }
  theme(kept.get('theme'));
  function toggle() {
    var dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    theme(dark ? 'light' : 'dark');
    kept.set('theme', root.dataset.theme);
    say(root.dataset.theme);
  }
  $('theme').onclick = toggle;
  $('keys').onclick = function () { $('help').showModal(); };
  $('keys-on').checked = kept.get('keys') !== 'off';
  $('keys-on').onchange = function () { kept.set('keys', this.checked ? 'on' : 'off'); };

  function copy(code) {
    var text = code.textContent, done = function () { say('Copied: ' + text); };
    var closed = function () {
      var range = document.createRange();
      range.selectNodeContents(code);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      say('The clipboard is closed; the command is selected.');
    };
    if (navigator.clipboard) navigator.clipboard.writeText(text).then(done, closed); else closed();
  }
  function buttons(within) {
    within.querySelectorAll('.command').forEach(function (box) {
      if (box.querySelector('button')) return;
      var button = document.createElement('button');
      button.type = 'button';
      button.textContent = 'Copy';
      button.onclick = function () { copy(box.querySelector('code')); };
      box.appendChild(button);
    });
    within.querySelectorAll('.alerts > li').forEach(function (row) { row.tabIndex = -1; });
  }
  window.boardButtons = buttons;
  buttons(document);

  var field = $('filter');
  function filter() {
    var words = field.value.toLowerCase().split(/\s+/).filter(Boolean), shown = 0;
    var rows = Array.prototype.slice.call(document.querySelectorAll('[data-k]'));
    rows.forEach(function (row) { row.hidden = false; });
    var texts = rows.map(function (row) { return words.length ? row.innerText.toLowerCase() : ''; });
    rows.forEach(function (row, i) {
      row.hidden = !words.every(function (word) { return texts[i].indexOf(word) >= 0; });
      if (!row.hidden) shown += 1;
    });
    say(words.length ? shown + (shown === 1 ? ' row' : ' rows') : '');
  }
  window.boardFilter = function () { if (field.value) filter(); };
  field.oninput = filter;

  var at = 0;
  function rows() { return document.querySelectorAll('.alerts > li'); }
  function step(by) {
    var last = rows().length;
    if (!last) return;
    at = Math.min(last, Math.max(1, at + by));
    var row = rows()[at - 1];
    row.focus();
    row.scrollIntoView({ block: 'nearest' });
  }
  document.addEventListener('keydown', function (event) {
    if (event.key === 'Escape' && event.target === field) { field.value = ''; filter(); field.blur(); return; }
    if (event.ctrlKey || event.altKey || event.metaKey || !$('keys-on').checked || $('help').open) return;
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
    var act = {
      '/': function () { field.focus(); }, j: function () { step(1); }, k: function () { step(-1); }, t: toggle,
      '?': function () { $('help').showModal(); },
      c: function () { var row = rows()[(at || 1) - 1]; if (row && row.querySelector('code')) copy(row.querySelector('code')); }
    }[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  document.addEventListener('click', function (event) {
    var bar = event.target.closest && event.target.closest('[data-task]');
    if (!bar) return;
    if (live) location.href = '/task/' + encodeURIComponent(bar.dataset.task);
    else if ($('task-' + bar.dataset.task)) location.hash = 'task-' + bar.dataset.task;
  });
})();
