(function () {
  'use strict';
  var lamp = document.getElementById('lamp'), hashes = {}, heard = Date.now(), made = null;

  function light(isOn) {
    if (!lamp) return;
    lamp.classList.toggle('off', !isOn);
    var text = isOn ? ' live' : ' not connected; trying again';
    if (lamp.lastChild.textContent !== text) lamp.lastChild.textContent = text;
  }

  // -- ages go on by themselves ---------------------------------------------------------------
  function tick() {
    document.querySelectorAll('[data-since]').forEach(function (at) {
      var text = window.boardSpan((Date.now() - new Date(at.dataset.since)) / 1000);
      if (at.textContent !== text) at.textContent = text;
    });
    light(!lamp || Date.now() - heard < 40000);
  }
  setInterval(tick, 5000);
  tick();

  // -- new rows are moved in by their ids -------------------------------------------------------
  function keyOf(node) {
    if (node.nodeType !== 1) return null;
    return node.dataset.key || node.id || node.dataset.id || node.dataset.section || null;
  }
  function isOwn(node) { return node.nodeType === 1 && node.matches('.command > button'); }
  function attributes(old, fresh) {
    Array.prototype.slice.call(old.attributes).forEach(function (a) {
      if (!fresh.hasAttribute(a.name) && !/^(open|hidden|tabindex|checked)$/.test(a.name)) old.removeAttribute(a.name);
    });
    Array.prototype.slice.call(fresh.attributes).forEach(function (a) {
      if (/^(open|hidden|checked|class)$/.test(a.name) && a.name !== 'class') return;
      if (old.getAttribute(a.name) !== a.value) old.setAttribute(a.name, a.value);
    });
  }
  function morph(old, fresh) {
    attributes(old, fresh);
    if (old.matches('form.act, #tools, #status, dialog, #lamp')) return;
    var byKey = {}, rest = [];
    Array.prototype.slice.call(old.childNodes).forEach(function (node) {
      if (isOwn(node)) return;
      var key = keyOf(node);
      if (key) byKey[key] = node; else rest.push(node);
    });
    var at = old.firstChild;
    Array.prototype.slice.call(fresh.childNodes).forEach(function (node) {
      var key = keyOf(node), match = null;
      if (key) { match = byKey[key]; delete byKey[key]; } else {
        var i = rest.findIndex(function (one) { return one.nodeType === node.nodeType && one.nodeName === node.nodeName; });
        if (i >= 0) match = rest.splice(i, 1)[0];
      }
      while (at && isOwn(at)) at = at.nextSibling;
      if (!match || match.nodeName !== node.nodeName) {
        var added = document.importNode(node, true);
        old.insertBefore(added, at);
        if (added.nodeType === 1 && added.hasAttribute('data-k')) {
          added.classList.add('fresh');
          setTimeout(function () { added.classList.remove('fresh'); }, 2500);
        }
        return;
      }
      if (match === at) at = at.nextSibling; else old.insertBefore(match, at);
      if (match.nodeType !== 1) {
        if (match.nodeValue !== node.nodeValue) match.nodeValue = node.nodeValue;
      } else if (!match.isEqualNode(node)) morph(match, node);
    });
    Object.keys(byKey).forEach(function (key) { byKey[key].remove(); });
    rest.forEach(function (node) { node.remove(); });
  }

  function take(html) {
    var page = new DOMParser().parseFromString(html, 'text/html'), focus = document.activeElement;
    Array.prototype.slice.call(page.body.children).forEach(function (fresh) {
      var old = document.querySelector('[data-section="' + fresh.dataset.section + '"]');
      if (old) { morph(old, fresh); window.boardButtons(old); }
    });
    if (focus && focus !== document.activeElement && document.contains(focus)) focus.focus({ preventScroll: true });
    window.boardFilter();
    forms();
    tick();
  }

  var busy = false, waiting = null;
  function update(news) {
    if (busy) { waiting = news; return; }
    busy = true;
    made = news.made;
    document.title = news.title;
    var icon = document.querySelector('link[rel=icon]');
    if (icon.href !== news.icon) icon.href = news.icon;
    var changed = Object.keys(news.sections).filter(function (name) { return hashes[name] !== news.sections[name]; });
    Promise.all(changed.map(function (name) {
      return fetch('/part/' + name, { credentials: 'same-origin' }).then(function (answer) {
        if (!answer.ok) throw new Error(answer.status);
        return answer.text();
      }).then(function (html) { take(html); hashes[name] = news.sections[name]; });
    })).catch(function () { /* the next news tells everything again */ }).then(function () {
      busy = false;
      var next = waiting;
      waiting = null;
      if (next) update(next);
    });
  }

  if (document.querySelector('[data-section]')) {
    var source = new EventSource('/events');
    source.addEventListener('board', function (event) { heard = Date.now(); light(true); update(JSON.parse(event.data)); });
    source.onopen = function () { heard = Date.now(); light(true); };
    source.onerror = function () {
      heard = 0;
      light(false);
      if (source.readyState === 2) setTimeout(function () { location.reload(); }, 5000);
    };
  }

  // -- acting ---------------------------------------------------------------------------------
  function quoted(text) { return "'" + text.replace(/'/g, "'\"'\"'") + "'"; }
  function forms() {
    document.querySelectorAll('form.act').forEach(function (form) {
      if (form.boardReady) return;
      form.boardReady = true;
      var input = form.querySelector('input'), will = form.querySelector('.will'), refused = form.querySelector('.refused');
      input.addEventListener('input', function () {
        will.hidden = !input.value;
        will.textContent = form.dataset.command.replace('"\u2026"', function () { return quoted(input.value); });
      });
      form.addEventListener('submit', function (event) {
        event.preventDefault();
        var body = {}, button = form.querySelector('button');
        Object.keys(form.dataset).forEach(function (name) {
          if (/^f[A-Z_]/.test(name)) body[name.charAt(1).toLowerCase() + name.slice(2)] = form.dataset[name];
        });
        body[form.dataset.typed] = input.value;
        button.disabled = true;
        refused.textContent = '';
        fetch('/do/' + form.dataset.do, {
          method: 'POST', credentials: 'same-origin', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body)
        }).then(function (answer) {
          return answer.text().then(function (text) {
            if (!answer.ok) {
              var message = text;
              try { message = JSON.parse(text).error.message; } catch (e) { /* a sentence */ }
              throw new Error(message);
            }
            input.value = '';
            will.hidden = true;
            document.getElementById('status').textContent = 'Done: ' + JSON.parse(text).command;
          });
        }).catch(function (problem) {
          refused.textContent = problem.message || 'The server did not answer.';
        }).then(function () { button.disabled = false; });
      });
    });
  }
  forms();
})();
